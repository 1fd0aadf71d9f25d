// Digital Bazaar verifies records against the document that didwebvh-ts resolves at each record's `issued`;
// certificates likewise, at `validFrom`.
// In: {logs: [text], records: [text]}; a record is checked under the log of its issuer's SCID. Out: [{verified, version, error}].
import { createVerifyCryptosuite } from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import jsigs from 'jsonld-signatures';
import { resolveDIDFromLog } from 'didwebvh-ts';
import { answer, entriesOf, verifier } from './common.mjs';

async function check(entries, text) {
  try {
    const record = JSON.parse(text);
    const issued = record.issued ?? record.validFrom;
    const resolved = await resolveDIDFromLog(entries, { verifier, versionTime: new Date(issued) });
    const document = resolved.doc;
    if (!document) return { verified: false, error: 'no document at issued' };
    // Offline: the only two things that may be loaded are the document and the keys in it.
    const documentLoader = async (url) => {
      if (url === document.id) return { documentUrl: url, document };
      const method = document.verificationMethod.find((one) => one.id === url);
      if (!method) throw new Error(`not in the document at ${issued}: ${url}`);
      return { documentUrl: url, document: { '@context': 'https://w3id.org/security/multikey/v1', ...method } };
    };
    const result = await jsigs.verify(record, {
      suite: new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() }),
      purpose: new jsigs.purposes.AssertionProofPurpose(),
      documentLoader,
    });
    const error = result.verified ? null : String(result.error?.errors?.[0]?.message ?? result.error?.message);
    return { verified: result.verified, version: resolved.meta.versionId, error };
  } catch (error) {
    return { verified: false, error: String(error?.message ?? error) };
  }
}

await answer(async ({ logs, records }) => {
  const byScid = Object.fromEntries(logs.map(entriesOf).map((entries) => [entries[0].parameters.scid, entries]));
  const did = ({ issuer }) => issuer.id ?? issuer;
  const issuer = (text) => did(JSON.parse(text)).split(':')[2];
  return Promise.all(records.map((text) => check(byScid[issuer(text)], text)));
});
