// Lines of a VCF as they were pasted: records alone get a header, and spaces that stand for tabs become tabs again.

const FIXED = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"];

// Where a line (from 1) begins and ends in a text.
export function placeOfLine(text, line) {
  let begin = 0;
  for (let left = line - 1; left > 0; left -= 1) begin = text.indexOf("\n", begin) + 1 || text.length;
  const end = text.indexOf("\n", begin);
  return [begin, end < 0 ? text.length : end];
}

export function vcfOfPasted(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n").filter((line) => line.trim());
  if (!lines.length) return "";
  // Web pages and mails turn tabs into spaces. Meta lines have none to lose.
  const tabbed = lines.map((line) =>
    line.includes("\t") || line.startsWith("##") ? line : line.trim().split(/ +/).join("\t"),
  );
  if (!tabbed[0].startsWith("#")) {
    const samples = Math.max(0, tabbed[0].split("\t").length - FIXED.length - 1);
    const names = samples ? ["FORMAT", ...Array.from({ length: samples }, (_, n) => `SAMPLE${n + 1}`)] : [];
    tabbed.unshift(`#${[...FIXED, ...names].join("\t")}`);
  }
  if (!tabbed[0].startsWith("##")) tabbed.unshift("##fileformat=VCFv4.2");
  return `${tabbed.join("\n")}\n`;
}
