// Pre-flight on the cases that the engine is held to as well (test_cases.py), and on what it sees of large files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync, crc32 as zlibCrc32, deflateRawSync } from "node:zlib";

import { preflight } from "../../services/web/src/gas_web/assets/js/preflight.js";

const CASES = JSON.parse(readFileSync(new URL("cases.json", import.meta.url)));
const CHOICES = JSON.parse(readFileSync(new URL("choices.json", import.meta.url)));
const shipped = (name) => JSON.parse(readFileSync(new URL(`../../libs/engine/src/gas_engine/bundles/${name}/manifest.json`, import.meta.url)));
// As the submit page gives them: the length of each contig under every name.
const BUNDLES = [shipped("rCRS"), shipped("SARS-CoV-2"), ...CHOICES.bundles].map(({ name, assembly, contigs }) => ({
  name, assembly, contigs: Object.fromEntries(contigs.flatMap((contig) => [contig.name, ...contig.aliases].map((each) => [each, contig.length]))),
}));
const OPTIONS = { bundles: BUNDLES.slice(0, 1), maxBytes: 1e9, maxText: "1 GB", recordsPerSecond: 40_000 };
const HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

const bytesOf = (each) => (each.text === undefined ? Buffer.from(each.base64, "base64") : Buffer.from(each.text));
const look = (data, name = "sample.vcf", options = {}) => preflight(new Blob([data]), name, { ...OPTIONS, ...options });

for (const each of CASES) {
  test(each.name, async () => {
    const verdict = await look(bytesOf(each), each.file);
    if (each.ready || each.unseen) assert.deepEqual([verdict.ok, verdict.sentence], [true, ""]);
    if (each.refused && !each.unseen) {
      assert.equal(verdict.ok, false);
      const said = `${verdict.sentence} ${verdict.hint}`;
      assert.ok(said.startsWith(each.refused), said);
    }
    if (!each.ready) return;
    const { contigs, notes = [], assembly = "", ...facts } = each.ready;
    for (const [name, value] of Object.entries(facts)) assert.equal(verdict.facts[name], value, name);
    assert.deepEqual(Object.fromEntries(verdict.facts.contigs.map(({ contig, count }) => [contig, count])), contigs);
    assert.equal(verdict.facts.assembly, assembly);
    assert.equal(verdict.facts.exact, true);
    assert.deepEqual(verdict.notes, notes);
  });
}

for (const each of CHOICES.cases) {
  test(`choice: ${each.name}`, async () => {
    const bundles = each.bundles.map((name) => BUNDLES.find((bundle) => bundle.name === name));
    const verdict = await look(Buffer.from(each.text), "sample.vcf", { bundles, asked: each.asked ?? "" });
    if (each.refused) {
      assert.deepEqual([verdict.ok, `${verdict.sentence} ${verdict.hint}`], [false, each.refused]);
      return;
    }
    assert.equal(verdict.facts.bundle, each.asked ?? each.chosen);
    assert.equal(verdict.facts.why, each.asked ? "" : (each.why ?? ""));
    assert.deepEqual(verdict.notes, each.notes ?? []);
  });
}

function records(count, info = "DP=10;AF=0.5") {
  const lines = Array.from({ length: count }, (_, n) => `MT\t${(n % 16000) + 1}\t.\tA\tG\t50\tPASS\t${info}\n`);
  return HEADER + lines.join("");
}

// Blocks of 65,280 bytes as bgzip writes them, and the end marker.
function bgzip(text) {
  const data = Buffer.from(text);
  const blocks = [];
  for (let at = 0; at <= data.length; at += 0xff00) {
    const piece = data.subarray(at, at + 0xff00);
    const packed = deflateRawSync(piece);
    const head = Buffer.from("1f8b08040000000000ff0600424302000000", "hex");
    head.writeUInt16LE(packed.length + 25, 16);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(piece), 0);
    trailer.writeUInt32LE(piece.length, 4);
    blocks.push(head, packed, trailer);
  }
  return Buffer.concat([...blocks, Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex")]);
}

function crc32(data) {
  if (zlibCrc32) return zlibCrc32(data);
  return gzipSync(data).readUInt32LE(gzipSync(data).length - 8);
}

for (const [name, pack] of [["plain", Buffer.from], ["gzip", gzipSync], ["BGZF", bgzip]]) {
  test(`${name} file of 200,000 records is counted within 5 % by its ends`, async () => {
    const data = pack(records(200_000));
    const { ok, facts } = await look(data, "large.vcf.gz");
    assert.equal(ok, true);
    assert.equal(facts.exact, false);
    assert.ok(Math.abs(facts.records / 200_000 - 1) < 0.05, `${facts.records}`);
    assert.ok(Math.abs(facts.seconds - 6) < 0.5, `${facts.seconds}`);
  });
}

test("an error in the middle of a large file is the engine's to find", async () => {
  const text = records(100_000);
  const middle = text.indexOf("\n", text.length / 2);
  const { ok } = await look(`${text.slice(0, middle)}\tX${text.slice(middle)}`);
  assert.equal(ok, true);
});

test("records of a large file that are all elsewhere are told and not refused", async () => {
  const { ok, notes } = await look(records(100_000).replaceAll("\nMT", "\nchr7"));
  assert.equal(ok, true);
  assert.match(notes[0], /^None of the first [\d,]+ records lies on a contig of rCRS \(found chr7\)/);
});

test("large BGZF file without its end marker is cut short", async () => {
  const data = bgzip(records(400_000, `X=${"ACGT".repeat(20)}`));
  const { sentence } = await look(data.subarray(0, -28));
  assert.match(sentence, /^The compressed file is cut short after [\d,]+ bytes\./);
});

test("file over the plan's limit is told what it may be", async () => {
  const verdict = await look(records(10), "a.vcf", { maxBytes: 100, maxText: "100 bytes" });
  assert.equal(verdict.sentence, `a.vcf is ${records(10).length} bytes; your plan takes 100 bytes.`);
  assert.equal(verdict.hint, "Compress it with bgzip, split it, or upgrade.");
});

test("another kind of file is named before its size is", async () => {
  const { sentence } = await look(Buffer.concat([gzipSync("BAM\x01")]), "a.bam", { maxBytes: 1 });
  assert.equal(sentence, "a.bam looks like a BAM alignment file.");
});

test("trap that unpacks to gigabytes costs no more than what is looked at", async () => {
  const trap = gzipSync(Buffer.concat([Buffer.from(HEADER), Buffer.alloc(200_000_000, "A")]));
  const before = process.memoryUsage().rss;
  const { ok } = await look(trap);
  assert.equal(ok, true);
  assert.ok(process.memoryUsage().rss - before < 150_000_000);
});
