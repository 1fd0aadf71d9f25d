// hpke-js opens a sealed object. In: {object, seed, commitment, origin}. Out: {key, public, salt, record, plaintext_bytes} or {error}.
import { inflateRawSync } from 'node:zlib';
import { answer } from './common.mjs';
import { commitmentOf, infoOf, keysOf, open } from './hpke.mjs';

await answer(async ({ object, seed, commitment, origin }) => {
  try {
    const bytes = Buffer.from(object, 'hex');
    const { pair, raw, id } = await keysOf(Buffer.from(seed, 'hex'));
    if (bytes.subarray(0, 34).toString('hex') !== `0120${id}`) return { error: 'not sealed to this key' };
    const plaintext = await open(bytes, { pair, info: infoOf(Buffer.from(commitment, 'hex'), id, origin) });
    const salt = plaintext.subarray(0, 32);
    const end = 36 + plaintext.readUInt32BE(32);
    const record = inflateRawSync(plaintext.subarray(36, end));
    if (commitmentOf(salt, record).toString('hex') !== commitment) return { error: 'another record' };
    if (plaintext.subarray(end).some((byte) => byte)) return { error: 'padding' };
    return { key: id, public: raw.toString('hex'), salt: salt.toString('hex'), record: record.toString('utf8'), plaintext_bytes: plaintext.length };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
});
