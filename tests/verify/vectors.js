// Runs every vector file through the page's core; the same text under Node.js and inside a browser.
// (V, files) => { file: { checks, failures } }; V is the page's `Passerelle`, files the bytes below spec/vectors by path.
// A file, or a part of one, that is not known here is a failure: nothing is passed over in silence.
async (V, files) => {
  const text = (path) => new TextDecoder().decode(files[path]);
  const seconds = V.timeOf;
  const bytes = V.ascii;
  const report = {};

  class Checks {
    constructor(file, parts) {
      this.result = report[file] = { checks: 0, failures: [] };
      this.data = JSON.parse(text(file));
      const told = ["chapter", "about", "made_by", "confirmed_by", "source", "licence", "differs"];
      for (const part of Object.keys(this.data)) if (!parts.includes(part) && !told.includes(part)) this.fail(`a part that is not run: ${part}`);
    }

    fail(what) {
      this.result.failures.push(what);
    }

    same(name, got, wanted) {
      this.result.checks++;
      const [a, b] = [got, wanted].map((value) => V.canonicalText(value ?? null));
      if (a !== b) this.fail(`${name}: got ${a.slice(0, 400)}, wanted ${b.slice(0, 400)}`);
    }

    /** The code with which work is refused; null where it is not. Any other error is a failure. */
    async code(work) {
      try {
        await work();
        return null;
      } catch (fault) {
        if (fault instanceof V.Refusal) return fault.code;
        return `${fault}`;
      }
    }
  }

  const RUNNERS = {
    async "json.json"(file) {
      const c = new Checks(file, ["valid", "invalid", "built"]);
      const limit = V.LIMITS.record;
      for (const { name, input, canonical, sha256 } of c.data.valid) {
        c.same(name, V.hex(V.canonical(V.parseJson(V.unhex(input), limit))), canonical);
        c.same(name, V.hex(V.sha256(V.unhex(canonical))), sha256);
        c.same(name, await c.code(() => V.parseCanonical(V.unhex(input), limit)), input === canonical ? null : "json.not-canonical");
      }
      for (const { name, input, code } of c.data.invalid) c.same(name, await c.code(() => V.parseJson(V.unhex(input), limit)), code);
      for (const { name, parts, code } of c.data.built) {
        const built = V.concat(...parts.map(([hex, times]) => V.unhex(hex.repeat(times))));
        c.same(name, await c.code(() => V.parseJson(built, limit)), code);
      }
    },

    async "times.json"(file) {
      const c = new Checks(file, ["valid", "invalid"]);
      for (const { text: time, posix } of c.data.valid) c.same(time, [V.timeOf(time), V.timeText(posix)], [posix, time]);
      for (const time of c.data.invalid) c.same(time, V.timeOf(time), null);
    },

    async "multikeys.json"(file) {
      const c = new Checks(file, ["valid", "invalid"]);
      for (const { public: key, multikey } of c.data.valid) {
        c.same(multikey, V.hex(V.parseMultikey(multikey)), key);
        c.same(key, V.multikeyOf(V.unhex(key)), multikey);
      }
      for (const { name, multikey, code } of c.data.invalid) c.same(name, await c.code(() => V.parseMultikey(multikey)), code);
    },

    async "fingerprints.json"(file) {
      const c = new Checks(file, ["cases"]);
      for (const { scid, fingerprint } of c.data.cases) c.same(scid, V.fingerprint(scid), fingerprint);
    },

    async "identity.json"(file) {
      const c = new Checks(file, ["valid", "invalid", "compare", "steps"]);
      const { scid_input: first, scid, entry_input: second, version_id: version, hash_data: hashData, update_key: key } = c.data.steps;
      c.same("SCID", V.multihash(bytes(first)), scid);
      c.same("entry hash", `1-${V.multihash(bytes(second))}`, version);
      c.same("hash of a key", V.multihash(bytes(key.multikey)), key.hash);
      const entry1 = JSON.parse(c.data.valid[0].log.split("\n")[0]);
      c.same("what a proof signs", V.hex(V.hashData(Object.fromEntries(Object.entries(entry1).filter(([name]) => name !== "proof")), entry1.proof[0])), hashData);
      for (const { name, now, log, scid, did, in_force: inForce, held, at } of c.data.valid) {
        const identity = await V.verifyIdentity(bytes(log), seconds(now));
        c.same(name, [identity.scid, identity.did, identity.entries.length, identity.held], [scid, did, inForce, held]);
        for (const time of Object.keys(at)) c.same(`${name} at ${time}`, V.documentAt(identity, seconds(time))?.assertionMethod, at[time]);
      }
      for (const { name, now, log, code, entry } of c.data.invalid) {
        let where = null;
        const got = await c.code(() => V.verifyIdentity(bytes(log), seconds(now)).catch((fault) => { where = fault.entry; throw fault; }));
        c.same(name, [got, where], [code, entry]);
      }
      for (const { name, held, offered, result } of c.data.compare) {
        const [a, b] = await Promise.all([held, offered].map((log) => V.verifyIdentity(bytes(log), seconds("2026-01-01T00:00:00Z"))));
        c.same(name, V.compareIdentities(a, b), result);
      }
    },

    async "proofs.json"(file) {
      const c = new Checks(file, ["cases"]);
      for (const { name, document, proof, multikey, hash_data: hashData, document_canonical: canonical, proof_canonical: options } of c.data.cases) {
        c.same(name, V.canonicalText(document), canonical);
        c.same(name, V.canonicalText(Object.fromEntries(Object.entries(proof).filter(([member]) => member !== "proofValue"))), options);
        c.same(name, V.hex(V.hashData(document, proof)), hashData);
        c.same(name, await c.code(() => V.verifyProof(document, proof, V.parseMultikey(multikey))), null);
        c.same(name, await c.code(() => V.verifyProof({ ...document, more: 1 }, proof, V.parseMultikey(multikey))), "proof.invalid");
      }
    },

    async "records.json"(file) {
      const c = new Checks(file, ["now", "identities", "valid", "malformed", "refused"]);
      const now = seconds(c.data.now);
      const identities = new Map();
      for (const log of Object.values(c.data.identities)) {
        const identity = await V.verifyIdentity(bytes(log), now);
        identities.set(identity.scid, identity);
      }
      const verify = (data) => {
        const record = V.parseRecord(bytes(data));
        return V.verifyRecord(record, identities.get(record.issuer), now);
      };
      for (const { name, data, digest } of c.data.valid) {
        c.same(name, V.parseRecord(bytes(data)).digest, digest);
        c.same(name, await c.code(() => verify(data)), null);
      }
      for (const { name, data, code } of c.data.malformed) c.same(name, await c.code(() => V.parseRecord(bytes(data))), code);
      for (const { name, data, code } of c.data.refused) {
        c.same(`form of ${name}`, await c.code(() => V.parseRecord(bytes(data))), null);
        c.same(name, await c.code(() => verify(data)), code);
      }
    },

    async "origins.json"(file) {
      const c = new Checks(file, ["valid", "invalid"]);
      for (const { origin, author, partner, number, path, received } of c.data.valid) {
        const parsed = V.parseOrigin(origin);
        c.same(origin, [parsed.author, parsed.partner, parsed.number, V.feedPath(parsed), V.receivedPath(parsed)], [author, partner, number, path, received]);
      }
      for (const origin of c.data.invalid) c.same(origin, await c.code(() => V.parseOrigin(origin)), "origin.malformed");
    },

    async "leaves.json"(file) {
      const c = new Checks(file, ["valid", "invalid"]);
      for (const { origin, kind, leaf, leaf_hash: hash } of c.data.valid) {
        c.same(leaf, V.parseLeaf(bytes(leaf), V.parseOrigin(origin)).value.kind, kind);
        c.same(leaf, V.hex(V.leafHash(bytes(leaf))), hash);
      }
      for (const { name, origin, leaf, code } of c.data.invalid) c.same(name, await c.code(() => V.parseLeaf(bytes(leaf), V.parseOrigin(origin))), code);
    },

    async "trees.json"(file) {
      const c = new Checks(file, ["roots", "inclusion", "consistency"]);
      const roots = rootsOfEntries(Math.max(...Object.keys(c.data.roots).map(Number)));
      for (const [size, root] of Object.entries(c.data.roots)) c.same(`root of ${size}`, V.hex(roots[size]), root);
      for (const { size, index, proof } of c.data.inclusion) {
        const holds = (hashes) => V.checkInclusion(V.leafHash(entry(index)), index, size, hashes, roots[size]);
        c.same(`inclusion of ${index} in ${size}`, await c.code(() => holds(proof.map(V.unhex))), null);
        c.same(`inclusion of ${index} in ${size}, one hash more`, await c.code(() => holds([...proof.map(V.unhex), roots[1]])), "merkle.inclusion");
      }
      for (const { old, new: size, proof } of c.data.consistency) {
        const holds = (hashes) => V.checkConsistency(old, roots[old], size, roots[size], hashes);
        c.same(`consistency of ${old} with ${size}`, await c.code(() => holds(proof.map(V.unhex))), null);
        c.same(`consistency of ${old} with ${size}, one hash more`, await c.code(() => holds([...proof.map(V.unhex), roots[1]])), "merkle.consistency");
      }
    },

    async "tiles.json"(file) {
      const c = new Checks(file, ["trees", "bundle", "objects", "malformed"]);
      for (const [size, wanted] of Object.entries(c.data.trees)) c.same(`files of ${size}`, filesOfTree(Number(size)), wanted);
      const { bundle, objects } = c.data;
      c.same("bundle", V.splitBundle(V.unhex(bundle.file), bundle.width).map(V.hex), bundle.entries);
      c.same("objects", V.splitObjects(V.unhex(objects.file), objects.width).map((object) => object && V.hex(object)), objects.objects);
      for (const { name, width, file: hex, kind } of c.data.malformed) {
        if (kind !== undefined) c.fail(`a kind that is not run: ${kind}`);
        c.same(name, await c.code(() => V.splitBundle(V.unhex(hex), width)), "tile.malformed");
      }
    },

    async "checkpoints.json"(file) {
      const c = new Checks(file, ["example", "origin", "log_keys", "valid", "invalid", "cosignatures"]);
      const { example, origin } = c.data;
      const keys = c.data.log_keys.map(V.unhex);
      const note = V.parseNote(bytes(example.note));
      const [log, witness] = [example.log_vkey, example.witness_vkey].map(V.parseVerifierKey);
      c.same("log key", [log.name, log.type, V.hex(log.key)], [example.origin, 1, example.log_public]);
      c.same("witness key", [witness.name, witness.type, V.hex(witness.key)], [example.witness, 4, example.witness_public]);
      const read = await V.verifyCheckpoint(bytes(example.note), example.origin, [log.key]);
      c.same("example", [read.size, V.hex(read.root)], [example.size, example.root]);
      c.same("example, witness", await V.verifyCosignature(note, example.witness, [witness.key]), example.time);
      c.same("example, root", V.hex(rootsOfEntries(example.size)[example.size]), example.root);
      for (const { name, note: data, size, root } of c.data.valid) {
        const checkpoint = await V.verifyCheckpoint(bytes(data), origin, keys);
        c.same(name, [checkpoint.size, V.hex(checkpoint.root)], [size, root]);
      }
      for (const { name, note: data, code } of c.data.invalid) c.same(name, await c.code(() => V.verifyCheckpoint(bytes(data), origin, keys)), code);
      for (const { name, witness: by, witness_keys: known, time, code, note: data } of c.data.cosignatures) {
        let latest = null;
        const got = await c.code(async () => (latest = await V.verifyCosignature(V.parseNote(bytes(data)), by, known.map(V.unhex))));
        c.same(name, [got, latest], [code, code === null ? time : null]);
      }
    },

    async "commitments.json"(file) {
      const c = new Checks(file, ["cases"]);
      for (const { name, salt, record, commitment, object_sha256: hash } of c.data.cases) {
        const object = V.concat(V.unhex(salt), bytes(record));
        c.same(name, V.commitmentOf(V.unhex(salt), bytes(record)), commitment);
        c.same(name, V.hex(V.sha256(object)), hash);
        c.same(name, V.hex(V.openPublicObject(object, commitment).record), V.hex(bytes(record)));
      }
    },

    async "sealed-objects.json"(file) {
      const c = new Checks(file, ["origin", "seed", "public", "key", "valid", "refused"]);
      const keys = V.xwingKeys(V.unhex(c.data.seed));
      c.same("public key", V.hex(keys.publicKey), c.data.public);
      c.same("key id", V.hex(V.sha256(keys.publicKey)), c.data.key);
      const held = new Map([[c.data.key, keys]]);
      const open = ({ object, commitment }) => V.openSealedObject(V.unhex(object), commitment, c.data.origin, held);
      for (const one of c.data.valid) {
        const { salt, record } = await open(one);
        c.same(one.name, [V.hex(salt), record.length, V.hex(V.sha256(record)), one.object.length / 2 - 34 - 1120 - 16], [one.salt, one.record_bytes, one.record_sha256, one.plaintext_bytes]);
      }
      for (const one of c.data.refused) c.same(one.name, await c.code(() => open(one)), one.code);
    },

    async "paths.json"(file) {
      const c = new Checks(file, ["groups", "parsed", "invalid"]);
      for (const [number, groups] of Object.entries(c.data.groups)) c.same(number, V.grouped(Number(number)), groups);
      for (const { path, ...named } of c.data.parsed) c.same(path, V.parseTilePath(path), named);
      for (const path of c.data.invalid) c.same(path, await c.code(() => V.parseTilePath(path)), "tile.path");
    },

    async "requests.json"(file) {
      const c = new Checks(file, ["key_id", "seed", "public", "scid", "valid", "refused"]);
      const keyOf = (id) => (id === c.data.key_id ? V.unhex(c.data.public) : null);
      const verify = ({ method, target_uri: targetUri, headers, body, now }) => {
        const named = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
        return V.verifyRequest({ method, targetUri, headers: named, body: V.unhex(body) }, keyOf, now);
      };
      for (const one of c.data.valid) c.same(one.name, (await verify(one)).base, one.base);
      for (const one of c.data.refused) c.same(one.name, await c.code(() => verify(one)), one.code);
    },

    async "intake.json"(file) {
      const c = new Checks(file, ["now", "origin", "me", "log", "cases"]);
      const now = seconds(c.data.now);
      const identity = await V.verifyIdentity(bytes(c.data.log), now);
      const context = { origin: V.parseOrigin(c.data.origin), identity, now, schemas, keys: new Map() };
      for (const { name, leaf, object, status, code, readable } of c.data.cases) {
        const found = await V.examineLeaf(bytes(leaf), object === null ? null : V.unhex(object), context);
        c.same(name, [found.status, found.code, found.readable === true], [status, code, readable]);
      }
    },

    async "certificates.json"(file) {
      const c = new Checks(file, ["now", "identities", "valid", "malformed", "refused", "endorsed", "leaves", "placements", "statuses", "names", "persons"]);
      const now = seconds(c.data.now);
      const identities = new Map();
      for (const log of Object.values(c.data.identities)) {
        const identity = await V.verifyIdentity(bytes(log), now);
        identities.set(identity.scid, identity);
      }
      const parsed = (data) => V.parseCertificate(bytes(data));
      const verify = async (data, records = []) => {
        const document = parsed(data);
        await V.verifyCertificate(document, identities.get(document.issuer));
        V.checkCertificateStatus(document, records);
        V.checkCertificateTime(document, now);
        return document;
      };
      for (const { name, data, digest } of c.data.valid) c.same(name, (await verify(data)).digest, digest);
      for (const { name, data, code } of c.data.malformed) c.same(name, await c.code(() => parsed(data)), code);
      for (const { name, data, code } of c.data.refused) {
        c.same(name, await c.code(() => parsed(data)), null);
        c.same(name, await c.code(() => verify(data)), code);
      }
      const own = (one) => one.certificate ?? c.data.valid[0].data;
      for (const one of c.data.endorsed) {
        const endorsement = await verify(one.data);
        c.same(one.name, await c.code(() => V.checkEndorses(endorsement, parsed(own(one)))), one.code);
      }
      for (const one of c.data.leaves) c.same(one.name, await c.code(() => V.checkCertificateLeaf(parsed(own(one)), bytes(one.leaf))), one.code);
      for (const one of c.data.placements) c.same(one.name, await c.code(() => V.checkPlacement(parsed(own(one)), V.parseRecord(bytes(one.record)), one.salt && V.commitmentOf(V.unhex(one.salt), bytes(one.record)))), one.code);
      for (const one of c.data.statuses) {
        const records = one.records.map((data) => V.parseRecord(bytes(data)));
        for (const record of records) c.same(one.name, await c.code(() => V.verifyRecord(record, identities.get(record.issuer), now)), null);
        c.same(one.name, await c.code(() => verify(own(one), records)), one.code);
      }
      for (const { name, text: typed, form } of c.data.names) {
        let got = null;
        c.same(name, await c.code(() => (got = V.nameForm(typed))), form === null ? "certificate.person-unreadable" : null);
        c.same(name, got, form);
      }
      for (const one of c.data.persons) c.same(one.name, await c.code(() => V.checkPerson(parsed(own(one)), { name: one.person, born: one.birth_date, salt: one.salt })), one.code);
    },

    async "feeds.json"(file) {
      const c = new Checks(file, ["now", "cases"]);
      const sorted = (findings) => findings.map(({ code, path, index }) => V.canonicalText({ code, path, index })).sort();
      for (const { name, ok, feeds, findings: others } of c.data.cases) {
        const folder = new Map();
        for (const path of Object.keys(files)) {
          if (path.startsWith(`feeds/${name}/`)) folder.set(path.slice(7 + name.length), { size: files[path].length, read: async () => files[path] });
        }
        const audit = await V.auditFolder(folder, { now: seconds(c.data.now), schemas });
        const told = audit.feeds.map((feed) => Object.fromEntries(Object.keys(feeds[0] ?? {}).map((member) => [member, member === "findings" ? sorted(feed.findings) : feed[member]])));
        c.same(name, [audit.ok, sorted(audit.findings), told], [ok, sorted(others ?? []), feeds.map((feed) => ({ ...feed, findings: sorted(feed.findings) }))]);
      }
    },

    async fold(file) {
      const c = new Checks(file, ["agencies", "common", "cases"]);
      for (const one of c.data.cases) {
        const records = [...c.data.common, ...one.held];
        // S-1: the order in which records came, and how often, changes nothing.
        for (const order of [records, [...records].reverse(), [...one.held, ...records]]) foldCase(c, one, order);
      }
    },

    async "signatures.json"(file) {
      const c = new Checks(file, ["cases"]);
      for (const { name, public: key, multikey, message, signature, verifies } of c.data.cases) {
        c.same(name, V.hex(V.parseMultikey(multikey)), key);
        c.same(name, await V.verifySignature(V.unhex(key), V.unhex(signature), V.unhex(message)), verifies);
        c.same(`${name}, in script`, V.verifyInScript(V.unhex(key), V.unhex(signature), V.unhex(message)), verifies);
      }
    },

    async "tree-proofs.json"(file) {
      const c = new Checks(file, ["inclusion", "consistency", "mutations"]);
      const packed = (proofs) => V.hex(V.sha256(V.concat(...proofs.flatMap((proof) => [Uint8Array.of(proof.length), ...proof]))));
      const hashes = [...Array(300).keys()].map((i) => V.leafHash(entry(i)));
      const ranges = new V.Ranges(hashes);
      const roots = rootsOfEntries(300);
      for (const [size, hash] of Object.entries(c.data.inclusion)) {
        const tree = hashes.slice(0, Number(size));
        const proofs = tree.map((_, index) => ranges.inclusion(index, tree.length));
        c.same(`inclusion in ${size}`, packed(proofs), hash);
        c.same(`inclusion in ${size} holds`, await c.code(() => proofs.forEach((proof, index) => V.checkInclusion(tree[index], index, tree.length, proof, roots[size]))), null);
      }
      for (const [size, hash] of Object.entries(c.data.consistency)) {
        const tree = hashes.slice(0, Number(size));
        const proofs = tree.map((_, old) => ranges.consistency(old + 1, tree.length));
        c.same(`consistency with ${size}`, packed(proofs), hash);
        c.same(`consistency with ${size} holds`, await c.code(() => proofs.forEach((proof, old) => V.checkConsistency(old + 1, roots[old + 1], tree.length, roots[size], proof))), null);
      }
      for (const one of c.data.mutations) {
        const proof = one.proof.map(V.unhex);
        const work = one.kind === "inclusion" ? () => V.checkInclusion(V.unhex(one.leaf_hash), one.index, one.size, proof, V.unhex(one.root)) : () => V.checkConsistency(one.old, V.unhex(one.old_root), one.new, V.unhex(one.new_root), proof);
        c.same(one.name, await c.code(work), one.code);
      }
    },

    async "forks.json"(file) {
      const c = new Checks(file, ["origin", "log_keys", "cases"]);
      const keys = c.data.log_keys.map(V.unhex);
      for (const one of c.data.cases) {
        let proven = false;
        if (one.kind === "one-size") {
          const notes = await Promise.all([one.first, one.second].map((note) => V.verifyCheckpoint(bytes(note), c.data.origin, keys).catch(() => null)));
          proven = notes.every(Boolean) && notes[0].size === notes[1].size && !V.equal(notes[0].root, notes[1].root);
        } else if (one.kind === "two-sizes") {
          proven = V.provesTwoHistories(one.old, one.new, V.unhex(one.old_root), V.unhex(one.new_root), one.lower.map(V.unhex), one.upper.map(V.unhex));
        } else c.fail(`a kind that is not run: ${one.kind}`);
        c.same(one.name, proven, one.proven);
      }
    },

    async "dates.json"(file) {
      const c = new Checks(file, ["valid", "invalid"]);
      const day = (number) => (Number.isFinite(number ?? NaN) ? new Date(number * 86400000).toISOString().slice(0, 10) : null);
      for (const { text: date, first, last, months } of c.data.valid) {
        const { from, to } = V.parseEdtf(date);
        const length = V.lengthOf(from, to);
        c.same(date, [day(from.first), day(to.last), length && V.threePlaces(length)], [first, last, months]);
      }
      for (const date of c.data.invalid) c.same(date, V.parseEdtf(date), null);
    },

    async "anchors.json"(file) {
      const c = new Checks(file, ["valid", "invalid"]);
      for (const { name, checkpoint_text: checkpoint, part, root, leaf } of c.data.valid) {
        c.same(name, await c.code(() => V.checkAnchor(checkpoint, part, JSON.parse(leaf))), null);
        c.same(name, V.parseLeaf(bytes(leaf), V.parseOrigin("passerelle/QmdsrPrb7fxmz3YPSL5bPbUR3AoWmSUpoKsden8C5W4sCW/public/1")).value, { epoch: part.epoch, kind: "anchor", root });
      }
      for (const { name, checkpoint_text: checkpoint, part, leaf, code } of c.data.invalid) c.same(name, await c.code(() => V.checkAnchor(checkpoint, part, JSON.parse(leaf))), code);
    },

    async "successions.json"(file) {
      const c = new Checks(file, ["origin", "checkpoint", "cases"]);
      c.same("checkpoint", V.hex(V.sha256(bytes(c.data.checkpoint.text))), c.data.checkpoint.sha256);
      for (const { name, held, successors, first_leaf: leaf, verdict, code } of c.data.cases) {
        c.same(name, V.judgeSuccession(V.parseOrigin(c.data.origin), leaf === null ? null : bytes(leaf), held.map(bytes), successors), { verdict, code });
      }
    },

    async "bundles.json"(file) {
      const c = new Checks(file, ["valid", "refused", "padded"]);
      for (const { name, zip, files: wanted } of c.data.valid) {
        const found = {};
        for (const [path, one] of V.openBundle(V.unhex(zip))) {
          const code = await c.code(async () => (found[path] = V.hex(await one.read())));
          if (code !== null) found[path] = code === "bundle.malformed" ? null : code;
        }
        c.same(name, found, wanted);
      }
      for (const { name, zip, code } of c.data.refused) c.same(name, await c.code(() => V.openBundle(V.unhex(zip))), code);
      for (const [length, plaintext] of Object.entries(c.data.padded)) c.same(length, V.paddedBundle(Number(length)), plaintext);
    },

    async "policies.json"(file) {
      const c = new Checks(file, ["policy", "cases", "malformed"]);
      for (const { name, note, time, code, policy } of c.data.cases) {
        let found = null;
        const told = await c.code(async () => (found = await V.policyTime(V.parsePolicy(policy ?? c.data.policy), V.parseNote(bytes(note)))));
        c.same(name, [found, told], [time, code]);
      }
      for (const { name, policy, code } of c.data.malformed) c.same(name, await c.code(() => V.parsePolicy(policy)), code);
    },

    async "witness.json"(file) {
      const c = new Checks(file, ["origin", "log_keys", "witness", "witness_public", "witness_seed", "time", "cases"]);
      const { origin, witness, witness_public: key, time } = c.data;
      const keys = c.data.log_keys.map(V.unhex);
      const pkcs8 = V.concat(V.unhex("302e020100300506032b657004220420"), V.unhex(c.data.witness_seed));
      const secret = await globalThis.crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
      const cosigned = async (signed) => {
        const signature = new Uint8Array(await globalThis.crypto.subtle.sign("Ed25519", secret, bytes(`cosignature/v1\ntime ${time}\n${signed}`)));
        const stamp = V.unhex(time.toString(16).padStart(16, "0"));
        return `\u2014 ${witness} ${V.base64(V.concat(V.unhex(V.keyId(witness, 4, V.unhex(key))), stamp, signature))}\n`;
      };
      for (const { name, last, body, status, answer, then } of c.data.cases) {
        const told = await V.judgeSubmission(bytes(body), origin, keys, last && { size: last.size, root: V.unhex(last.root) });
        const [, size, root] = told.sign?.split("\n") ?? [];
        const after = told.sign ? { size: Number(size), root: V.hex(Uint8Array.from(atob(root), (letter) => letter.charCodeAt(0))) } : last;
        c.same(name, [told.status, told.sign ? await cosigned(told.sign) : told.text ?? "", after], [status, answer ?? "", then]);
      }
    },

    async "published/c2sp-signed-note.json"(file) {
      const c = new Checks(file, ["vkey", "note"]);
      const { name, key } = V.parseVerifierKey(c.data.vkey);
      c.same("signed", (await V.verifyNote(V.parseNote(bytes(c.data.note)), name, [key])).length, 1);
      c.same("changed", await c.code(() => V.verifyNote(V.parseNote(bytes(c.data.note.replace("example message", "other message"))), name, [key])), "note.signature");
    },

    async "published/didwebvh-1.0-entry-hash.json"(file) {
      const c = new Checks(file, ["entry", "entryHash"]);
      c.same("entry hash", V.entryHash(c.data.entry, c.data.entry.versionId), c.data.entryHash);
    },

    async "published/merkle-proofs.json"(file) {
      const c = new Checks(file, ["hashes", "inclusion", "consistency"]);
      const { hashes } = c.data;
      c.same("empty root", V.hex(V.EMPTY_ROOT), hashes.empty_root);
      for (const [leaf, hash] of Object.entries(hashes.leaves)) c.same(`leaf ${leaf}`, V.hex(V.leafHash(bytes(leaf))), hash);
      c.same("node", V.hex(V.nodeHash(bytes(hashes.node.left), bytes(hashes.node.right))), hashes.node.hash);
      const raw = (base64) => Uint8Array.from(atob(base64 ?? ""), (letter) => letter.charCodeAt(0));
      // What `differs` says: a root of 12 bytes is none here.
      const refused = (one) => one.wantErr || /sizes-are-equal-one-and-proof-is-empty\.json$/.test(one.file);
      for (const one of c.data.inclusion) {
        const got = await c.code(() => V.checkInclusion(raw(one.leafHash), one.leafIdx, one.treeSize, (one.proof ?? []).map(raw), raw(one.root)));
        c.same(one.file, got, refused(one) ? "merkle.inclusion" : null);
      }
      for (const one of c.data.consistency) {
        const got = await c.code(() => V.checkConsistency(one.size1, raw(one.root1), one.size2, raw(one.root2), (one.proof ?? []).map(raw)));
        c.same(one.file, got, refused(one) ? "merkle.consistency" : null);
      }
    },

    async "published/rfc8785-cyberphone.json"(file) {
      const c = new Checks(file, ["cases"]);
      for (const { name, input, canonical, code } of c.data.cases) {
        let value;
        c.same(name, await c.code(() => (value = V.parseJson(V.unhex(input), V.LIMITS.record))), code);
        if (code === null) c.same(name, V.hex(V.canonical(value)), canonical);
      }
    },

    async "published/rfc9421-b26-ed25519.json"(file) {
      const c = new Checks(file, ["privateKeyPkcs8", "publicKey", "request", "signatureBase", "signatureInput", "signature"]);
      const { request, signatureInput, signature, publicKey, signatureBase } = c.data;
      const input = V.fieldDictionary(signatureInput).get("sig-b26");
      const headers = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
      const base = V.signatureBase(input.value.list.map((item) => item.value.text), input.text, request.method, request.targetUri, headers);
      c.same("base", base, signatureBase);
      const raw = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const signed = raw(V.fieldDictionary(signature).get("sig-b26").value.bytes);
      for (const verify of [V.verifySignature, V.verifyInScript]) {
        c.same("signature", await verify(raw(publicKey), signed, bytes(base)), true);
        c.same("signature of another text", await verify(raw(publicKey), signed, bytes(`${base} `)), false);
      }
    },

    async "published/w3c-vc-di-eddsa-jcs-2022.json"(file) {
      const c = new Checks(file, ["keyPair", "unsigned", "canonicalDocument", "documentHash", "canonicalProof", "proofHash", "combinedHash", "signature", "signed"]);
      const { keyPair, unsigned, canonicalDocument, documentHash, canonicalProof, proofHash, combinedHash, signature, signed } = c.data;
      c.same("document", V.canonicalText(unsigned), canonicalDocument);
      c.same("document", V.hex(V.sha256(bytes(canonicalDocument))), documentHash);
      c.same("proof", V.hex(V.sha256(bytes(canonicalProof))), proofHash);
      c.same("both", V.hex(V.hashData(unsigned, signed.proof)), combinedHash);
      const key = V.parseMultikey(keyPair.publicKeyMultibase);
      c.same("signature", await c.code(() => V.verifyProof(unsigned, signed.proof, key)), null);
      c.same("signature", await V.verifyInScript(key, V.unhex(signature), V.unhex(combinedHash)), true);
    },

    async "published/x-wing-keys.json"(file) {
      const c = new Checks(file, ["keys"]);
      for (const { seed, public: key } of c.data.keys) c.same(seed, V.hex(V.xwingKeys(V.unhex(seed)).publicKey), key);
    },
  };

  // --- trees whose leaf i is "entry i" and a line feed ---

  function entry(index) {
    return bytes(`entry ${index}\n`);
  }

  function rootsOfEntries(most) {
    const frontier = new V.Frontier();
    const roots = [frontier.root()];
    for (let i = 0; i < most; i++) {
      frontier.append(V.leafHash(entry(i)));
      roots.push(frontier.root());
    }
    return roots;
  }

  /** Every tile and entry bundle of a tree: length and hash by path. */
  function filesOfTree(size) {
    const found = {};
    const put = (path, data) => (found[path] = { bytes: data.length, sha256: V.hex(V.sha256(data)) });
    const leaves = [...Array(size).keys()].map(entry);
    let hashes = leaves.map(V.leafHash);
    for (const { index, width } of V.filesOf(size, 0)) {
      const part = leaves.slice(index * 256, index * 256 + width);
      put(V.bundlePath(index, width), V.concat(...part.flatMap((leaf) => [Uint8Array.of(leaf.length >> 8, leaf.length & 255), leaf])));
    }
    for (let level = 0; hashes.length > 0; level++) {
      for (const { index, width } of V.filesOf(size, level)) put(V.tilePath(level, index, width), V.concat(...hashes.slice(index * 256, index * 256 + width)));
      hashes = V.nextLevel(hashes);
    }
    return found;
  }

  // --- the fold ---

  function foldCase(c, one, records) {
    const known = ["name", "rule", "as_of", "held", "sizes", "verdicts", "states", "details", "figures", "flows"];
    for (const member of Object.keys(one)) if (!known.includes(member)) c.fail(`${one.name}: a part that is not run: ${member}`);
    const fold = new V.Fold(records, one.sizes);
    const labelled = (label) => records.find((record) => record.label === label);
    const day = V.parseEdtf(one.as_of).from.first;
    for (const record of records) {
      const { status, code } = fold.verdictOf(record);
      c.same(`${one.name}, ${record.label}`, [status, code], one.verdicts[record.label] ?? ["accepted", null]);
    }
    for (const [label, state] of Object.entries(one.states)) c.same(`${one.name}, state of ${label}`, fold.stateOf(labelled(label), day).state, state);
    for (const [label, facts] of Object.entries(one.details)) {
      const told = fold.stateOf(labelled(label), day);
      for (const [name, value] of Object.entries(facts)) c.same(`${one.name}, ${name} of ${label}`, told[name], value);
    }
    if (one.flows) c.same(`${one.name}, flows`, fold.pairOf(...one.flows.parties).flows(one.as_of), one.flows);
    if (one.figures) c.same(`${one.name}, figures`, fold.pairOf(...one.figures.parties.map((party) => party.agency)).figures(one.as_of), one.figures);
  }

  // --- all files ---

  const schemas = new V.Schemas(files.schemas);
  for (const path of Object.keys(files).filter((name) => name.endsWith(".json") && !name.startsWith("feeds/"))) {
    const runner = RUNNERS[path] ?? (path.startsWith("fold/") ? RUNNERS.fold : null);
    if (!runner) report[path] = { checks: 0, failures: ["a vector file that is not run"] };
    else {
      try {
        await runner(path);
      } catch (fault) {
        (report[path] ??= { checks: 0, failures: [] }).failures.push(`broke off: ${fault.stack ?? fault}`);
      }
    }
  }
  return report;
}
