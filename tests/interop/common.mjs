// Each script reads one JSON value on standard input and writes one on standard output.
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';

export async function answer(make) {
  const parts = [];
  for await (const part of process.stdin) parts.push(part);
  const value = await make(JSON.parse(Buffer.concat(parts).toString('utf8')));
  process.stdout.write(JSON.stringify(value));
}

// Node takes Ed25519 keys in DER; these are the fixed prefixes of SubjectPublicKeyInfo and PKCS #8.
export const publicKey = (raw) =>
  createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]), format: 'der', type: 'spki' });
export const privateKey = (seed) =>
  createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });

// didwebvh-ts asks for a verifier; it gives it the raw bytes of signature, message and key.
export const verifier = {
  verify: async (signature, message, key) => verify(null, message, publicKey(Buffer.from(key)), signature),
};

export const entriesOf = (log) => log.split('\n').filter((line) => line.trim()).map((line) => JSON.parse(line));
