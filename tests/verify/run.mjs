// node run.mjs WHAT: loads the core out of docs/auditor/verify.html, as it stands there, and prints an answer as JSON.
//   vectors          runs vectors.js over spec/vectors
//   call             reads {"script": ..., "value": ...} and prints what the script makes of it: (V, value, tools) => answer
import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";
import zlib from "node:zlib";

const HERE = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const ROOT = path.resolve(HERE, "../..");
const page = process.env.VERIFY_PAGE ?? path.join(ROOT, "docs/auditor/verify.html"); // another one under a mutant
const html = fs.readFileSync(page, "utf8");
const part = (id) => new RegExp(`<script [^>]*id="${id}"[^>]*>([^]*?)</script>`).exec(html)[1];
const Passerelle = vm.runInThisContext(`${part("passerelle-core")}\nPasserelle`, { filename: "verify.html" });
const schemas = JSON.parse(part("passerelle-data"));

function filesBelow(folder, prefix = "") {
  const found = {};
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = prefix + entry.name;
    if (entry.isDirectory()) Object.assign(found, filesBelow(path.join(folder, entry.name), `${name}/`));
    else found[name] = new Uint8Array(fs.readFileSync(path.join(folder, entry.name)));
  }
  return found;
}

function write(folder, files) {
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), bytes);
  }
}

async function answer(what) {
  if (what === "vectors") {
    const run = vm.runInThisContext(`(${fs.readFileSync(path.join(HERE, "vectors.js"), "utf8")})`, { filename: "vectors.js" });
    const files = filesBelow(path.join(ROOT, "spec/vectors"));
    Object.defineProperty(files, "schemas", { value: schemas, enumerable: false });
    return run(Passerelle, files);
  }
  const { script, value } = JSON.parse(fs.readFileSync(0, "utf8"));
  const make = vm.runInThisContext(`(${fs.readFileSync(path.join(HERE, "make.js"), "utf8")})`, { filename: "make.js" })(Passerelle);
  return vm.runInThisContext(`(${script})`, { filename: "script" })(Passerelle, value, { schemas: new Passerelle.Schemas(schemas), filesBelow, write, make, zlib });
}

process.stdout.write(JSON.stringify(await answer(process.argv[2])));
