// Wrote spec/vectors/sealed-objects.json, once: `node make_sealed.mjs > ../../spec/vectors/sealed-objects.json`.
// The file is the law, this script is how it came about; with the same versions it writes the same bytes.
import { deflateRawSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { commitmentOf, infoOf, keysOf, seal, sha256 } from './hpke.mjs';

const vectors = new URL('../../spec/vectors/', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, vectors), 'utf8'));
const bytesOf = (name) => sha256(Buffer.from(`passerelle/vectors/${name}`));
const u32 = (number) => { const four = Buffer.alloc(4); four.writeUInt32BE(number); return four; };
const powerAbove = (length) => { let size = 1024; while (size < length) size *= 2; return size; };
const padded = (bytes, size) => Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);

const seed = bytesOf('mali/sealing/1');
const { pair, raw, id } = await keysOf(seed);
const stranger = await keysOf(bytesOf('france/sealing/1'));
const origin = read('checkpoints.json').origin;
const record = Buffer.from(read('records.json').valid.find((one) => one.name === 'for one partner').data);

// Bytes that DEFLATE cannot make smaller: a chain of hashes.
const noise = (length) => { const parts = []; let hash = bytesOf('noise'); for (let n = 0; n < length; n += 32) { parts.push(hash); hash = sha256(hash); } return Buffer.concat(parts).subarray(0, length); };
const plain = (salt, stream, { length = stream.length, size, tail = Buffer.alloc(0) } = {}) => {
  const body = Buffer.concat([salt, u32(length), stream, tail]);
  return padded(body, size ?? powerAbove(body.length));
};

async function object(name, plaintext, commitment, { to = { pair, raw, id }, boundTo = origin } = {}) {
  const ekm = Buffer.concat([bytesOf(`ekm/${name}/1`), bytesOf(`ekm/${name}/2`)]);
  return seal(plaintext, { publicKey: to.pair.publicKey, raw: to.raw, info: infoOf(commitment, to.id, boundTo), ekm });
}

async function valid(name, data, { level = 9, size } = {}) {
  const salt = bytesOf(`salt/${name}`);
  const plaintext = plain(salt, deflateRawSync(data, { level }), { size });
  const commitment = commitmentOf(salt, data);
  const made = await object(name, plaintext, commitment);
  return {
    name, commitment: commitment.toString('hex'), salt: salt.toString('hex'), record_bytes: data.length,
    record_sha256: sha256(data).toString('hex'), plaintext_bytes: plaintext.length, object: made.toString('hex'),
  };
}

async function refused(name, rule, code, make) {
  const salt = bytesOf(`salt/${name}`);
  const stream = deflateRawSync(record, { level: 9 });
  const commitment = commitmentOf(salt, record);
  const made = await make({ name, salt, stream, commitment });
  return { name, rule, code, commitment: commitment.toString('hex'), object: made.toString('hex') };
}

const flip = (bytes, at) => { const copy = Buffer.from(bytes); copy[at < 0 ? copy.length + at : at] ^= 1; return copy; };
const good = ({ name, salt, stream, commitment }) => object(name, plain(salt, stream), commitment);
const inside = (changes) => ({ name, salt, stream, commitment }) => object(name, plain(salt, stream, changes(stream)), commitment);

const file = {
  chapter: '06',
  about: 'Objects sealed to the key of seed, beside a leaf with commitment in the feed origin. valid: opens to salt and a record of record_bytes bytes with record_sha256. refused: with code. Made once with fixed ekm; sealing again gives other bytes.',
  made_by: 'tests/interop/make_sealed.mjs with hpke-js (@hpke/core 1.9.0, @hpke/hybridkem-x-wing 0.7.0), node:zlib, node:crypto, canonicalize (npm)',
  confirmed_by: ['hpke-js (npm), on opening'],
  origin,
  seed: seed.toString('hex'),
  public: raw.toString('hex'),
  key: id,
  valid: [
    await valid('a record for one partner', record),
    await valid('the same, in stored blocks', record, { level: 0 }),
    await valid('the same, padded further than it must', record, { size: 4096 }),
    await valid('989 bytes of stream and more: the next power of two', noise(1000)),
    await valid('262,144 bytes', Buffer.alloc(262144, 'x')),
  ],
  refused: [
    await refused('one bit of the ciphertext', 'O-10', 'object.unopened', async (a) => flip(await good(a), -1)),
    await refused('one bit of enc', 'O-10', 'object.unopened', async (a) => flip(await good(a), 40)),
    await refused('sealed for another feed', 'O-10', 'object.unopened', ({ name, salt, stream, commitment }) => object(name, plain(salt, stream), commitment, { boundTo: origin.replace(/1$/, '2') })),
    await refused('sealed beside another leaf', 'O-10', 'object.unopened', ({ name, salt, stream }) => object(name, plain(salt, stream), bytesOf('another leaf'))),
    await refused('sealed to another agency', 'O-10', 'object.unopened', ({ name, salt, stream, commitment }) => object(name, plain(salt, stream), commitment, { to: stranger })),
    await refused('sealed to another agency under the name of our key', 'O-10', 'object.unopened', async ({ name, salt, stream, commitment }) => {
      const made = await object(name, plain(salt, stream), commitment, { to: stranger });
      return Buffer.concat([made.subarray(0, 2), sha256(raw), made.subarray(34)]);
    }),
    await refused('another form', 'O-4', 'object.malformed', async (a) => flip(await good(a), 0)),
    await refused('a key id of another length', 'O-4', 'object.malformed', async (a) => flip(await good(a), 1)),
    await refused('cut short', 'O-5', 'object.malformed', async (a) => (await good(a)).subarray(0, 1200)),
    await refused('1,536 bytes of plaintext', 'O-5', 'object.malformed', inside(() => ({ size: 1536 }))),
    await refused('a length beyond the end', 'O-7', 'object.stream', inside(() => ({ length: 0xffffffff }))),
    await refused('a length that cuts the stream', 'O-7', 'object.stream', inside((stream) => ({ length: stream.length - 1 }))),
    await refused('a length that takes in a zero', 'O-7', 'object.stream', inside((stream) => ({ length: stream.length + 1 }))),
    await refused('a stream that is none', 'O-7', 'object.stream', ({ name, salt, commitment }) => object(name, plain(salt, Buffer.from([255, 255, 255])), commitment)),
    await refused('a stream with a zlib header', 'O-7', 'object.stream', ({ name, salt, stream, commitment }) => object(name, plain(salt, Buffer.concat([Buffer.from([0x78, 0x9c]), stream])), commitment)),
    await refused('262,145 bytes', 'O-8', 'object.too-large', ({ name, salt, commitment }) => object(name, plain(salt, deflateRawSync(Buffer.alloc(262145, 'x'))), commitment)),
    await refused('a byte after the stream', 'O-9', 'object.padding', inside(() => ({ tail: Buffer.from([1]) }))),
    await refused('a byte at the very end', 'O-9', 'object.padding', async ({ name, salt, stream, commitment }) => object(name, flip(plain(salt, stream), -1), commitment)),
    await refused('another record than the leaf commits to', 'O-11', 'object.commitment', ({ name, salt, commitment }) => object(name, plain(salt, deflateRawSync(Buffer.from('{}'))), commitment)),
    await refused('another salt than the leaf commits to', 'O-11', 'object.commitment', ({ name, stream, commitment }) => object(name, plain(bytesOf('other salt'), stream), commitment)),
  ],
};

process.stdout.write(`${JSON.stringify(file, null, 1)}\n`);
