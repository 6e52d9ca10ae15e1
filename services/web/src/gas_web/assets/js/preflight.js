// Whether a file will work, before a byte of it is sent: what it is, what is in it, what is wrong and what to do about it.
// It looks at the first and the last part alone, so it refuses only what is certain; the engine decides in the end. Both
// are held to tests/preflight/cases.json.

import { lengthsOf, likely, recordsOn } from "./preflight-choice.js";
import { KIND_BYTES, otherKind } from "./preflight-kinds.js";
import { readEnds } from "./preflight-read.js";
import { isYoruba, readHeader, readRecord, sampleCount, statedAssembly, VcfError } from "./preflight-vcf.js";
import { number, sizeText } from "./words.js";

const NAMED_CONTIGS = 5;
// A worker fetches, writes and tells beside annotating.
const FIXED_SECONDS = 1;
const CHOOSE = "Choose the .vcf or .vcf.gz.";
const decoder = new TextDecoder();

class Refusal extends Error {
  constructor(code, sentence, hint = "") {
    super(sentence);
    this.code = code;
    this.hint = hint;
  }
}

function linesOf(bytes, complete) {
  const lines = decoder.decode(bytes).split("\n");
  const last = lines.pop(); // Behind the last line feed: nothing, or a line that has none.
  if (complete && last) lines.push(last);
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

const lineCount = (bytes) => bytes.reduce((count, byte) => count + (byte === 10), 0);

// How many records there are, by the size of those that were seen at both ends.
function estimate(ends, records, headerBytes) {
  const head = ends.head.length - headerBytes;
  const tailLines = lineCount(ends.tail);
  const bytes = (head + (tailLines ? ends.tail.length : 0)) / (records + tailLines);
  return Math.max(records, Math.round((ends.textBytes - headerBytes) / bytes));
}

// How the contigs of the records are those of the reference, or of any of several.
function contigsNote(contigs, bundles, complete, hint) {
  const seen = [...contigs.values()].reduce((sum, count) => sum + count, 0);
  const outsideNames = [...contigs.keys()].filter((name) => !bundles.some((bundle) => Object.hasOwn(bundle.contigs, name)));
  const outside = outsideNames.reduce((sum, name) => sum + contigs.get(name), 0);
  const names = outsideNames.slice(0, NAMED_CONTIGS).join(", ") + (outsideNames.length > NAMED_CONTIGS ? "..." : "");
  const reference = alternatives(bundles.map((bundle) => bundle.name));
  if (outside < seen) {
    if (!outside) return "";
    const [lie, they] = outside === 1 ? ["lies", "it passes"] : ["lie", "they pass"];
    return `${number(outside)} of ${number(seen)} records looked at ${lie} on contigs that ${reference} does not have (${names}); ${they} through without annotation.`;
  }
  if (!complete) {
    return `None of the first ${number(seen)} records lies on a contig of ${reference} (found ${names}). If no other does, the job fails. ${hint}`.trim();
  }
  throw new Refusal("contigs", `No record lies on a contig of ${reference}: found ${names}.`, hint || "Choose another reference.");
}

const alternatives = (names) => (names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names[0]);

// What to do about a reference that does not fit; "" if nothing is known of another.
function instead(fitting, bundle, assembly) {
  if (fitting && fitting.bundle !== bundle) return `It fits ${fitting.bundle.name}, as ${fitting.why}: choose that reference.`;
  return assembly ? `The file says that it was called on ${assembly}. Choose another reference.` : "";
}

function lengthsNote(header, bundle, hint) {
  const { same, other } = lengthsOf(bundle, header);
  if (same.length >= other.length) return "";
  const [name] = other;
  return `The header gives ${name} ${number(header.lengths.get(name))} bases; in ${bundle.name} it has ${number(bundle.contigs[name])}. ${hint}`.trim();
}

function refuseOtherKinds(name, ends) {
  if (!ends.head.length && !ends.problem) {
    throw new Refusal("empty", "The file is empty. Choose the .vcf or .vcf.gz that holds your variants.");
  }
  const kind = ends.head.length ? otherKind(ends.head.subarray(0, KIND_BYTES)) : "";
  if (kind) throw new Refusal("not_vcf", `${name} looks like a ${kind}.`, CHOOSE);
}

function lookAt(ends, bundles, asked, recordsPerSecond) {
  if (ends.problem) {
    const where = ends.problem === "damaged" ? "damaged near byte" : "cut short after";
    const unit = ends.problem === "damaged" ? "" : " bytes";
    throw new Refusal(
      "compression",
      `The compressed file is ${where} ${number(ends.place)}${unit}. Compress it again, or upload the whole file again.`,
    );
  }
  const lines = linesOf(ends.head, ends.complete);
  const header = readHeader(lines, ends.complete);
  const facts = {
    compression: ends.compression, version: "", samples: null, contigs: [], assembly: "", records: null, exact: false,
    bundle: asked?.name ?? "", why: "",
  };
  if (!header) return { facts, notes: ["Its header is longer than what is looked at here; the job will tell."] };

  const contigs = new Map();
  let records = 0;
  let ordered = true;
  let last = { contig: "", pos: 0 };
  const recordLines = lines.slice(header.lines);
  const headerBytes = new TextEncoder().encode(lines.slice(0, header.lines).join("\n")).length + 1;
  for (const [index, line] of recordLines.entries()) {
    if (!line.trim()) continue;
    const record = readRecord(header.lines + index + 1, line, header);
    records += 1;
    contigs.set(record.contig, (contigs.get(record.contig) ?? 0) + 1);
    if (record.contig === last.contig && record.pos < last.pos) ordered = false;
    last = record;
  }
  const assembly = statedAssembly(header);
  const exact = ends.complete;
  const notes = [];
  const fitting = likely(bundles, header, contigs, assembly);
  // If the file is made for none, the worst case is told of the first that has its contigs.
  const bundle = asked ?? fitting?.bundle ?? bundles.find((each) => recordsOn(each, contigs));
  const hint = instead(fitting, bundle, assembly);
  if (records) notes.push(contigsNote(contigs, bundle ? [bundle] : bundles, exact, hint));
  if (!records && exact) notes.push("No records, so nothing to annotate.");
  const mitochondrial = [...contigs.keys()].some((contig) => bundle && Object.hasOwn(bundle.contigs, contig));
  if (mitochondrial && isYoruba(assembly)) {
    notes.push(`The header points to ${assembly}, whose positions are not those of ${bundle.name}: call the variants again.`);
  } else if (bundle) {
    notes.push(lengthsNote(header, bundle, hint));
  }
  if (!ordered) notes.push("The records are not in order; they come back sorted.");
  const total = exact ? records : records ? estimate(ends, records, headerBytes) : null;
  Object.assign(facts, {
    version: header.version.replace("VCFv", ""),
    samples: sampleCount(header),
    contigs: [...contigs].map(([contig, count]) => ({ contig, count })),
    assembly,
    records: total,
    exact,
    seconds: total === null ? null : FIXED_SECONDS + total / recordsPerSecond,
    // If none is likely, the worker finds out, who reads all of the file.
    bundle: asked || fitting ? bundle.name : "",
    why: !asked && fitting && bundles.length > 1 ? fitting.why : "",
  });
  return { facts, notes: notes.filter(Boolean) };
}

// Look at a file.
//   bundles      what is offered, each {name, assembly, contigs: {name: length}} with every name that a contig goes by
//   asked        the name of the one that was chosen; "" for the one that the file fits
//   maxBytes     the plan's limit, and maxText how it is written
// Gives {ok, code, sentence, hint, facts, notes}: if not ok, sentence and hint say why and what to do. Of the facts, bundle is
// the reference to annotate with ("" if the first part does not tell) and why says why it was chosen.
export async function preflight(blob, name, { bundles, asked = "", maxBytes, maxText, recordsPerSecond }) {
  const refused = (code, sentence, hint) => ({ ok: false, code, sentence, hint, facts: null, notes: [] });
  try {
    const ends = await readEnds(blob);
    refuseOtherKinds(name, ends);
    if (blob.size > maxBytes) {
      const pack = ends.compression === "plain" ? "Compress it with bgzip, split it" : "Split it";
      return refused("size", `${name} is ${sizeText(blob.size)}; your plan takes ${maxText}.`, `${pack}, or upgrade.`);
    }
    return { ok: true, code: "", sentence: "", hint: "", ...lookAt(ends, bundles, bundles.find((each) => each.name === asked), recordsPerSecond) };
  } catch (error) {
    if (error instanceof Refusal) return refused(error.code, error.message, error.hint);
    if (error instanceof VcfError) return refused("vcf", error.message, "Correct the line and submit it again.");
    throw error; // The file cannot be read: it was moved, or its disk is gone.
  }
}
