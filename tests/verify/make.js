// Makes agencies, records, feeds and zips for the tests, with keys of its own: (V) => tools. V is the page's `Passerelle`.
(V) => {
  const { subtle } = globalThis.crypto;

  /** A key pair: public bytes, multikey, and what signs. */
  async function newKey() {
    const pair = await subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const raw = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
    return { raw, multikey: V.multikeyOf(raw), sign: async (bytes) => new Uint8Array(await subtle.sign("Ed25519", pair.privateKey, bytes)) };
  }

  async function proven(document, proof, key) {
    const signature = await key.sign(V.hashData(document, proof));
    return { ...proof, proofValue: "z" + V.base58(signature) };
  }

  const everywhere = (value, from, to) => JSON.parse(JSON.stringify(value).split(from).join(to));
  const bytesOf = (value) => V.canonical(value);

  /** An agency with an identity log of one entry; `change` may spoil the entry before it is hashed and signed. */
  async function newAgency(domain, change = (entry) => entry) {
    const [update, next, record, request, log, witness] = await Promise.all([...Array(6)].map(newKey));
    const did = `did:webvh:{SCID}:${domain}`;
    const method = ({ multikey }) => ({ id: `${did}#${multikey}`, type: "Multikey", controller: did, publicKeyMultibase: multikey });
    const first = change({
      versionId: "{SCID}",
      versionTime: "2025-01-01T00:00:00Z",
      parameters: { method: "did:webvh:1.0", scid: "{SCID}", portable: true, updateKeys: [update.multikey], nextKeyHashes: [V.multihash(V.ascii(next.multikey))] },
      state: {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "urn:passerelle:v1"],
        id: did, verificationMethod: [method(record), method(request)], assertionMethod: [method(record).id], authentication: [method(request).id],
        passerelle: { log: [log.multikey], witness: [witness.multikey], sealing: [], successors: [] },
      },
    });
    const scid = V.multihash(bytesOf(first));
    const entry = everywhere(first, "{SCID}", scid);
    entry.versionId = `1-${V.entryHash(entry, scid)}`;
    const options = { type: "DataIntegrityProof", cryptosuite: "eddsa-jcs-2022", created: entry.versionTime, verificationMethod: `did:key:${update.multikey}#${update.multikey}`, proofPurpose: "assertionMethod" };
    const signed = { ...entry, proof: [await proven(entry, options, update)] };
    return { scid, did: everywhere(did, "{SCID}", scid), log: V.concat(bytesOf(signed), V.ascii("\n")), keys: { record, log, witness } };
  }

  let count = 0;

  /** The bytes of a public record of a type that no schema describes, so that its body is free. */
  async function newRecord(agency, body = {}, type = "visit") {
    const serial = (++count).toString(16).padStart(12, "0");
    const issued = "2025-06-01T00:00:00Z";
    const document = {
      "@context": ["urn:passerelle:v1"], id: `urn:uuid:00000000-0000-4000-8000-${serial}`, type, schema: `urn:passerelle:schema:${type}:1.0`,
      version: 1, nonce: serial.padStart(32, "0"), issuer: agency.did, audience: "public", issued, body,
    };
    const options = { type: "DataIntegrityProof", cryptosuite: "eddsa-jcs-2022", created: issued, verificationMethod: `${agency.did}#${agency.keys.record.multikey}`, proofPurpose: "assertionMethod", "@context": ["urn:passerelle:v1"] };
    return bytesOf({ ...document, proof: await proven(document, options, agency.keys.record) });
  }

  /** A signed checkpoint of any size and root. */
  async function checkpoint(agency, origin, size, root) {
    const text = `${origin}\n${size}\n${V.base64(root)}\n`;
    const blob = V.concat(V.unhex(V.keyId(origin, 1, agency.keys.log.raw)), await agency.keys.log.sign(V.ascii(text)));
    return V.ascii(`${text}\n\u2014 ${origin} ${V.base64(blob)}\n`);
  }

  /** The files of a public feed of records, by path. */
  async function newFeed(agency, records) {
    const salt = new Uint8Array(32).fill(7);
    const leaves = records.map((record) => {
      const { id, type, version } = JSON.parse(new TextDecoder().decode(record));
      return bytesOf({ kind: "record", id, type, version, commitment: V.commitmentOf(salt, record) });
    });
    const origin = `passerelle/${agency.scid}/public/1`;
    const folder = "feeds/public/1";
    const files = { ".well-known/did.jsonl": agency.log, [`${folder}/checkpoint`]: await checkpoint(agency, origin, leaves.length, V.rootOf(leaves.map(V.leafHash))) };
    const u32 = (n) => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
    for (const { index, width } of V.filesOf(leaves.length, 0)) {
      const range = [...Array(width).keys()].map((i) => index * 256 + i);
      files[`${folder}/${V.bundlePath(index, width)}`] = V.concat(...range.flatMap((i) => [Uint8Array.of(leaves[i].length >> 8, leaves[i].length), leaves[i]]));
      files[`${folder}/${V.objectsPath(index, width)}`] = V.concat(...range.flatMap((i) => [u32(32 + records[i].length), salt, records[i]]));
    }
    let hashes = leaves.map(V.leafHash);
    for (let level = 0; hashes.length > 0; level++) {
      for (const { index, width } of V.filesOf(leaves.length, level)) files[`${folder}/${V.tilePath(level, index, width)}`] = V.concat(...hashes.slice(index * 256, index * 256 + width));
      hashes = V.nextLevel(hashes);
    }
    return files;
  }

  /** The files of a feed to a partner whose sealed leaves commit to what is given; what is sealed is not there. */
  async function newSealedFeed(agency, partner, commitments) {
    const leaves = commitments.map((commitment) => bytesOf({ kind: "sealed", commitment }));
    const origin = `passerelle/${agency.scid}/to/${partner.scid}/1`;
    const folder = `feeds/to/${partner.scid}/1`;
    const hashes = leaves.map(V.leafHash);
    return {
      ".well-known/did.jsonl": agency.log,
      [`${folder}/checkpoint`]: await checkpoint(agency, origin, leaves.length, V.rootOf(hashes)),
      [`${folder}/${V.bundlePath(0, leaves.length)}`]: V.concat(...leaves.flatMap((leaf) => [Uint8Array.of(leaf.length >> 8, leaf.length), leaf])),
      [`${folder}/${V.tilePath(0, 0, leaves.length)}`]: V.concat(...hashes),
    };
  }

  const CREDENTIAL = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"];
  const uuid = () => `urn:uuid:00000000-0000-4000-8000-${(++count).toString(16).padStart(12, "0")}`;
  const named = (id, digest) => [{ id, digestSRI: `sha256-${V.base64(V.unhex(digest))}`, mediaType: "application/json" }];
  const digestOf = (bytes) => V.hex(V.sha256(bytes));

  /** A signed document of an agency: its bytes. */
  async function attested(agency, document) {
    const options = { type: "DataIntegrityProof", cryptosuite: "eddsa-jcs-2022", created: document.validFrom, verificationMethod: `${agency.did}#${agency.keys.record.multikey}`, proofPurpose: "assertionMethod", "@context": CREDENTIAL };
    return bytesOf({ ...document, proof: await proven(document, options, agency.keys.record) });
  }

  const common = (agency, type) => ({ "@context": CREDENTIAL, id: uuid(), type: ["VerifiableCredential", type], name: "Attestation", issuer: { id: agency.did, name: "Agence (fictive)", type: ["Profile"] } });

  /** A certificate about a person { name in its form, born, salt in hex }, of a placement that stands at a leaf. */
  async function newCertificate(agency, origin, index, commitment, person, changes = {}) {
    const hash = V.hex(V.sha256(V.ascii("passerelle/person/v1\0"), V.unhex(person.salt), V.ascii(`${person.born}\n${person.name}`)));
    return attested(agency, {
      ...common(agency, "OpenBadgeCredential"),
      validFrom: "2025-06-01T09:00:00Z",
      credentialSubject: {
        type: ["AchievementSubject"],
        identifier: [{ hashed: true, identityHash: `sha256$${hash}`, identityType: "ext:passerelle-person-v1", type: "IdentityObject" }],
        activityStartDate: "2025-02-03T00:00:00Z",
        activityEndDate: "2025-05-30T00:00:00Z",
        achievement: { id: "urn:passerelle:scheme:vsi", type: ["Achievement"], achievementType: "CommunityService", name: "Volontariat", description: "Bibliothèque", criteria: { narrative: "Mission accomplie" }, inLanguage: "fr" },
      },
      relatedResource: named(uuid(), "ab".repeat(32)),
      evidence: [{ id: `urn:passerelle:leaf:${origin}/${index}/${commitment}`, type: ["Evidence"] }],
      ...changes,
    });
  }

  /** An endorsement of a certificate. */
  async function newEndorsement(agency, certificate) {
    const { id, digest } = { id: JSON.parse(new TextDecoder().decode(certificate)).id, digest: digestOf(certificate) };
    return attested(agency, { ...common(agency, "EndorsementCredential"), validFrom: "2025-06-02T09:00:00Z", credentialSubject: { id, type: ["EndorsementSubject"] }, relatedResource: named(id, digest) });
  }

  /** Two agencies, a feed with a placement's leaf, a certificate of the one and the other's endorsement, and a third agency. */
  async function newService({ statuses = [], leaf = "c1".repeat(32), changes = {} } = {}) {
    const [host, sender, third] = await Promise.all(["host.example", "sender.example", "third.example"].map((domain) => newAgency(domain)));
    const person = { name: "AGBEKO KOSSI", born: "1985", salt: "5a".repeat(16) };
    const certificate = await newCertificate(host, `passerelle/${host.scid}/to/${sender.scid}/1`, 2, "c1".repeat(32), person, changes);
    const endorsement = await newEndorsement(sender, certificate);
    const items = statuses.map((status) => ({ digest: digestOf(certificate), status }));
    const records = [await newRecord(host), ...(items.length ? [await newRecord(host, { items }, "certificate-status")] : [])];
    const files = { ...(await newFeed(host, records)), ...(await newSealedFeed(host, sender, ["a1".repeat(32), "b1".repeat(32), leaf])), [`mirrors/${sender.scid}/did.jsonl`]: sender.log };
    return { host, sender, third, person, certificate, endorsement, files };
  }

  const folderOf = (files) => new Map(Object.entries(files).map(([path, bytes]) => [path, { size: bytes.length, read: async () => bytes }]));

  return { newKey, newAgency, newRecord, newFeed, checkpoint, folderOf, newService, newCertificate, newEndorsement };
}
