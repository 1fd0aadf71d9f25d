// npm http-message-signatures verifies requests. In: {public, requests: [{method, target_uri, headers, body, now}]}. Out: [{verified, error}].
import httpSignatures from 'http-message-signatures';
import { createHash } from 'node:crypto';
import { answer, publicKey } from './common.mjs';

const { httpbis, createVerifier } = httpSignatures;

async function check(key, { method, target_uri: url, headers, body }) {
  try {
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const bytes = Buffer.from(body, 'hex');
    const required = ['@method', '@target-uri', ...(bytes.length ? ['content-type', 'content-digest'] : [])];
    const verified = await httpbis.verifyMessage(
      {
        keyLookup: async ({ keyid }) => ({ id: keyid, algs: ['ed25519'], verify: createVerifier(key, 'ed25519') }),
        requiredFields: required,
        requiredParams: ['created', 'expires', 'keyid', 'alg', 'nonce', 'tag'],
        // The vectors have times of their own; the library only knows today's.
        notAfter: new Date(8640000000000000), tolerance: Number.MAX_SAFE_INTEGER,
      },
      { method, url, headers: lower },
    );
    // The library leaves this comparison to its caller.
    const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
    if (bytes.length && lower['content-digest'] !== digest) return { verified: false, error: 'content-digest' };
    return { verified: verified === true, error: null };
  } catch (error) {
    return { verified: false, error: String(error?.message ?? error) };
  }
}

await answer(({ public: raw, requests }) => {
  const key = publicKey(Buffer.from(raw, 'hex'));
  return Promise.all(requests.map((request) => check(key, request)));
});
