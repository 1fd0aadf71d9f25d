// Digital Bazaar signs a document. In: {document, seed, did, multikey, created}. Out: the signed document.
import { createSignCryptosuite } from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import jsigs from 'jsonld-signatures';
import { sign } from 'node:crypto';
import { answer, privateKey } from './common.mjs';

await answer(async ({ document, seed, did, multikey, created }) => {
  const key = privateKey(Buffer.from(seed, 'hex'));
  const signer = {
    algorithm: 'Ed25519',
    id: `${did}#${multikey}`,
    sign: async ({ data }) => new Uint8Array(sign(null, data, key)),
  };
  return jsigs.sign(document, {
    suite: new DataIntegrityProof({ signer, date: new Date(created), cryptosuite: createSignCryptosuite() }),
    purpose: new jsigs.purposes.AssertionProofPurpose(),
    documentLoader: async (url) => { throw new Error(`nothing is to be loaded: ${url}`); },
  });
});
