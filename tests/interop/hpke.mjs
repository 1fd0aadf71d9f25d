// The suite of sealed objects in hpke-js: X-Wing, HKDF-SHA256, AES-256-GCM.
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';
import { XWing } from '@hpke/hybridkem-x-wing';
import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';

export const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
export const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
export const commitmentOf = (salt, record) => sha256(Buffer.from('passerelle/commitment/v1\0'), salt, record);
export const exact = (buffer) => new Uint8Array(buffer).buffer; // a Buffer may be a window on a larger memory

export async function keysOf(seed) {
  const pair = await suite.kem.generateKeyPairDerand(new Uint8Array(seed));
  const raw = Buffer.from(await suite.kem.serializePublicKey(pair.publicKey));
  return { pair, raw, id: sha256(raw).toString('hex') };
}

export const infoOf = (commitment, key, origin) =>
  new TextEncoder().encode(canonicalize({ commitment: commitment.toString('hex'), key, origin, use: 'passerelle/seal/v1' }));

export async function seal(plaintext, { publicKey, raw, info, ekm }) {
  const params = { recipientPublicKey: publicKey, info, ...(ekm ? { ekm: exact(ekm) } : {}) };
  const { ct, enc } = await suite.seal(params, exact(plaintext));
  return Buffer.concat([Buffer.from([1, 32]), sha256(raw), Buffer.from(enc), Buffer.from(ct)]);
}

export async function open(object, { pair, info }) {
  const enc = exact(object.subarray(34, 34 + 1120));
  return Buffer.from(await suite.open({ recipientKey: pair.privateKey, enc, info }, exact(object.subarray(34 + 1120))));
}
