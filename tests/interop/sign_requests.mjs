// npm http-message-signatures signs a request in our profile. In: {seed, key_id, method, target_uri, body, created, nonce}. Out: headers.
import httpSignatures from 'http-message-signatures';
import { createHash } from 'node:crypto';
import { answer, privateKey } from './common.mjs';

const { httpbis, createSigner } = httpSignatures;

await answer(async ({ seed, key_id: keyId, method, target_uri: url, body, created, nonce }) => {
  const bytes = Buffer.from(body, 'hex');
  const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
  const headers = bytes.length ? { 'content-type': 'application/json', 'content-digest': digest } : {};
  const signed = await httpbis.signMessage(
    {
      key: createSigner(privateKey(Buffer.from(seed, 'hex')), 'ed25519', keyId),
      name: 'sig1',
      fields: ['@method', '@target-uri', ...(bytes.length ? ['content-type', 'content-digest'] : [])],
      params: ['created', 'expires', 'keyid', 'alg', 'nonce', 'tag'],
      paramValues: { created: new Date(created * 1000), expires: new Date((created + 300) * 1000), nonce, tag: 'passerelle-v1' },
    },
    { method, url, headers },
  );
  return signed.headers;
});
