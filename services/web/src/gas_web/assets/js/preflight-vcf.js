// Lines of a VCF held against the same rules, in the same words, as the engine's vcf/header.py and vcf/record.py.

const VERSIONS = ["VCFv4.0", "VCFv4.1", "VCFv4.2", "VCFv4.3", "VCFv4.4", "VCFv4.5", "VCFv3.3"];
const FIXED = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"];
const NAMES = [...FIXED, "FORMAT"];
const SAMPLELESS = NAMES.length;
// Positions that a .tbi index can name.
const MAX_POS = 2 ** 29 - 1;
const SHOWN = 40;

const CONTROLS = /[\x00-\x1f\x7f]/g;
const ESCAPES = { "\t": "\\t", "\r": "\\r", "\n": "\\n" };
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const BASES = /^[ACGTURYSWKMBDHVN]+$/i;
const ALLELE = /^(?:[ACGTURYSWKMBDHVN]+(?:<[^<>,\s]+>)?|\*|<[^<>,\s]+>|[^[\],\s]*[[\]][^[\],\s]+:[0-9]+[[\]][^[\],\s]*|\.[A-Z]+|[A-Z]+\.)$/i;
const VCF3_INDEL = /^(?:D[0-9]+|I[ACGTN]+)$/i;
const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i;

// A place in the file that is no VCF; its message is the sentence that the job's page would show.
export class VcfError extends Error {
  constructor(line, column, field, found, expected) {
    const where = column ? `Line ${line}, column ${column}` : `Line ${line}`;
    super(`${where}${field ? ` (${field})` : ""}: ${found} where ${expected} belongs.`);
  }
}

function shown(text) {
  if (!text) return "nothing";
  const seen = text.replace(CONTROLS, (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${seen.length > SHOWN ? `${seen.slice(0, SHOWN)}…` : seen}"`;
}

function columnsOf(number, line) {
  const names = line.replace(/^#/, "").split("\t");
  const expected = names.length <= FIXED.length ? FIXED : NAMES;
  expected.forEach((name, index) => {
    const found = names[index] ?? "";
    if (found === name) return;
    const hint = line.includes(" ") && !line.includes("\t") ? " (spaces where tabs belong?)" : "";
    throw new VcfError(number, index + 1, "", shown(found) + hint, `the column name ${name}`);
  });
  const met = new Set();
  names.slice(SAMPLELESS).forEach((name, index) => {
    if (met.has(name)) {
      throw new VcfError(number, index + SAMPLELESS + 1, "", `the sample ${shown(name)} a second time`, "a new sample name");
    }
    met.add(name);
  });
  return names;
}

// The header from lines without their line ends: version, columns, contig lengths, ##reference and how many lines it has.
// null if the lines end before the header does and there are more of them.
export function readHeader(lines, complete) {
  const header = { version: "", columns: [], lengths: new Map(), reference: "", lines: 0 };
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    if (line.startsWith("##")) {
      if (line.includes("\0")) throw new VcfError(number, 0, "", "the control byte 0x00", "a header line");
      const version = /^##(?:file)?format=(VCFv\S+)\s*$/.exec(line)?.[1];
      if (version && !header.version) {
        if (!VERSIONS.includes(version)) {
          throw new VcfError(number, 0, "", shown(version), "VCFv4.0 to VCFv4.5, or VCFv3.3,");
        }
        header.version = version;
      }
      const contig = /^##contig=<(.*)>\s*$/.exec(line)?.[1].replace(/"(?:[^"\\]|\\.)*"/g, '""');
      const name = contig && /(?:^|,)\s*ID=([^,>]+)/.exec(contig)?.[1].trim();
      const length = name && /(?:^|,)\s*length=([0-9]+)/.exec(contig)?.[1];
      if (length) header.lengths.set(name, Number(length));
      if (line.startsWith("##reference=")) header.reference = line.slice("##reference=".length).trim();
    } else if (line.startsWith("#CHROM")) {
      header.columns = columnsOf(number, line);
      header.lines = number;
      return header;
    } else if (line.trim()) {
      throw new VcfError(number, 0, "", shown(line), "the #CHROM header line");
    }
  }
  if (!complete) return null;
  throw new VcfError(lines.length + 1, 0, "", "the end of the file", "the #CHROM header line");
}

export const sampleCount = (header) => Math.max(0, header.columns.length - SAMPLELESS);

function wrongCount(number, line, columns) {
  if (line.startsWith("#")) {
    return new VcfError(number, 0, "", "a second header", "a record (join files with bcftools concat)");
  }
  const found = line.split("\t").length;
  const spaces = line.trim().split(/\s+/).length === columns ? " (spaces where tabs belong?)" : "";
  const expected = `a record of ${columns} columns`;
  return new VcfError(number, Math.min(found, columns) + 1, "", `a line of ${found} columns${spaces}`, expected);
}

const fitsIndex = (digits) => digits.length <= String(MAX_POS).length && Number(digits) <= MAX_POS;
const mostText = MAX_POS.toLocaleString("en");

// Check one record; its contig and position (from 1).
export function readRecord(number, line, header) {
  const control = CONTROL.exec(line);
  if (control) {
    const column = line.slice(0, control.index).split("\t").length;
    const byte = line.charCodeAt(control.index).toString(16).padStart(2, "0");
    throw new VcfError(number, column, NAMES[column - 1] ?? "sample", `the control byte 0x${byte}`, "text");
  }
  const columns = line.split("\t");
  if (columns.length !== header.columns.length) throw wrongCount(number, line, header.columns.length);
  const empty = columns.slice(0, SAMPLELESS).indexOf("");
  if (empty >= 0) {
    throw new VcfError(number, empty + 1, NAMES[empty], "an empty column", "a value (. when there is none)");
  }
  const [contig, pos, , ref, alt, qual, , info] = columns;
  if (/[^\x00-\x7f]| /.test(contig)) {
    throw new VcfError(number, 1, "CHROM", shown(contig), "a contig name (ASCII, no space)");
  }
  if (!/^[0-9]+$/.test(pos)) throw new VcfError(number, 2, "POS", shown(pos), "a position (a whole number)");
  if (!fitsIndex(pos) || Number(pos) + ref.length > MAX_POS) {
    throw new VcfError(number, 2, "POS", shown(pos), `a position up to ${mostText}`);
  }
  if (!BASES.test(ref)) throw new VcfError(number, 4, "REF", shown(ref), "a base or bases (A, C, G, T, N)");
  const old = header.version === "VCFv3.3";
  for (const allele of alt === "." ? [] : alt.split(",")) {
    if (ALLELE.test(allele) || (old && VCF3_INDEL.test(allele))) continue;
    throw new VcfError(number, 5, "ALT", shown(allele), "an allele (bases, *, <ID>, a breakend or .)");
  }
  if (qual !== "." && !NUMBER.test(qual)) throw new VcfError(number, 6, "QUAL", shown(qual), "a number or .");
  const end = /(?:^|;)END=([0-9]+)(?:;|$)/.exec(info)?.[1];
  if (end && !fitsIndex(end)) throw new VcfError(number, 8, "INFO", shown(end), `an END up to ${mostText}`);
  return { contig, pos: Number(pos) };
}

const YORUBA = "NC_001807, the Yoruba mitochondrial sequence of UCSC hg19";
const HG18 = "NCBI36 (hg18)";
const HG19 = "GRCh37 (hg19)";
const HG38 = "GRCh38 (hg38)";
const CHM13 = "T2T-CHM13";
// One long contig tells the assembly (lengths from the assembly reports of NCBI, as in the engine's assembly.py).
const LENGTHS = new Map([
  ["M:16571", YORUBA], ["1:247249719", HG18], ["1:249250621", HG19], ["1:248956422", HG38], ["1:248387328", CHM13],
  ["X:154913754", HG18], ["X:155270560", HG19], ["X:156040895", HG38],
  ["Y:57772954", HG18], ["Y:59373566", HG19], ["Y:57227415", HG38],
]);
const REFERENCES = [
  [/NC_001807|yoruba/i, YORUBA], [/ncbi_?36|hg18|(?<![a-z0-9])b(?:uild)?36/i, HG18],
  [/grch37|hg19|hs37d5|(?<![a-z0-9])b(?:uild)?37/i, HG19], [/grch38|hg38/i, HG38], [/chm13|t2t/i, CHM13],
];

// The assembly that contig lengths or ##reference point to; "" if they point to none.
export function statedAssembly(header) {
  for (const [name, length] of header.lengths) {
    const short = name.replace(/^chr/, "");
    const guess = LENGTHS.get(`${short === "MT" ? "M" : short}:${length}`);
    if (guess) return guess;
  }
  return REFERENCES.find(([words]) => words.test(header.reference))?.[1] ?? "";
}

export const isYoruba = (assembly) => assembly === YORUBA;
