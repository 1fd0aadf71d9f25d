// didwebvh-ts reads identity logs. In: [{log, times}]. Out: [{did, scid, versions, at: {time: record key ids}} or {error}].
import { resolveDIDFromLog } from 'didwebvh-ts';
import { answer, entriesOf, verifier } from './common.mjs';

async function resolve({ log, times }) {
  try {
    const entries = entriesOf(log);
    const newest = await resolveDIDFromLog(entries, { verifier });
    if (newest.meta?.error || !newest.doc) return { error: String(newest.meta?.error ?? 'no document') };
    const at = {};
    for (const time of times) {
      const found = await resolveDIDFromLog(entries, { verifier, versionTime: new Date(time) }).catch(() => ({}));
      at[time] = found.doc ? [...found.doc.assertionMethod].sort() : null;
    }
    return { did: newest.did, document: newest.doc, scid: newest.meta.scid, versions: entries.length, at };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}

await answer((cases) => Promise.all(cases.map(resolve)));
