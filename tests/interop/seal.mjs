// hpke-js seals with its own randomness. In: {record, salt, seed, origin}. Out: {object, commitment}.
import { deflateRawSync } from 'node:zlib';
import { answer } from './common.mjs';
import { commitmentOf, infoOf, keysOf, seal } from './hpke.mjs';

await answer(async ({ record, salt, seed, origin }) => {
  const { pair, raw, id } = await keysOf(Buffer.from(seed, 'hex'));
  const data = Buffer.from(record, 'utf8');
  const saltBytes = Buffer.from(salt, 'hex');
  const stream = deflateRawSync(data);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(stream.length);
  const body = Buffer.concat([saltBytes, length, stream]);
  let size = 1024;
  while (size < body.length) size *= 2;
  const plaintext = Buffer.concat([body, Buffer.alloc(size - body.length)]);
  const commitment = commitmentOf(saltBytes, data);
  const object = await seal(plaintext, { publicKey: pair.publicKey, raw, info: infoOf(commitment, id, origin) });
  return { object: object.toString('hex'), commitment: commitment.toString('hex') };
});
