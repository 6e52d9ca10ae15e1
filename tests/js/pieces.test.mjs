// The small modules of the submit page: checksums, pasted lines, words.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { crc32, crc32OfBlob } from "../../services/web/src/gas_web/assets/js/crc32.js";
import { placeOfLine, vcfOfPasted } from "../../services/web/src/gas_web/assets/js/pasted.js";
import { durationText, shortSize, sizeText } from "../../services/web/src/gas_web/assets/js/words.js";

test("CRC-32 is gzip's, at every length and place", async () => {
  assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
  assert.equal(await crc32OfBlob(new Blob(["123456789"])), "y/Q5Jg==");
  for (let size = 0; size < 40; size += 1) {
    const whole = new Uint8Array(randomBytes(size + 3));
    const bytes = whole.subarray(3);
    const packed = gzipSync(bytes);
    assert.equal(crc32(bytes), packed.readUInt32LE(packed.length - 8), `${size} bytes`);
  }
});

test("CRC-32 of a large piece is that of all its bites", async () => {
  const bytes = randomBytes(1_500_001);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  assert.equal(await crc32OfBlob(new Blob([bytes])), crc.toString("base64"));
});

test("CRC-32 of a part takes less time than its way", () => {
  const part = new Uint8Array(randomBytes(8 * 1024 * 1024));
  crc32(part);
  const begun = performance.now();
  crc32(part);
  assert.ok(performance.now() - begun < 500);
});

test("pasted records get a header with as many columns", () => {
  assert.equal(
    vcfOfPasted("MT 73 . A G . . ."),
    "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\t73\t.\tA\tG\t.\t.\t.\n",
  );
  assert.match(vcfOfPasted("MT\t73\t.\tA\tG\t.\t.\t.\tGT\t0/1\t1/1"), /INFO\tFORMAT\tSAMPLE1\tSAMPLE2\n/);
});

test("pasted header stays, its columns get their tabs back", () => {
  const pasted = '##fileformat=VCFv4.3\r\n##INFO=<ID=A,Description="a b">\r\n#CHROM POS ID REF ALT QUAL FILTER INFO\r\nMT 73 . A G . . .';
  assert.equal(
    vcfOfPasted(pasted),
    '##fileformat=VCFv4.3\n##INFO=<ID=A,Description="a b">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\t73\t.\tA\tG\t.\t.\t.\n',
  );
  assert.match(vcfOfPasted("#CHROM POS ID REF ALT QUAL FILTER INFO"), /^##fileformat=VCFv4.2\n#CHROM\tPOS/);
});

test("the place of a line is where it begins and ends", () => {
  const text = "one\n\nthree\nfour";
  const lines = [1, 2, 3, 4].map((line) => text.slice(...placeOfLine(text, line)));
  assert.deepEqual(lines, ["one", "", "three", "four"]);
  assert.deepEqual(placeOfLine(text, 9), [text.length, text.length]);
});

test("nothing pasted is nothing", () => assert.equal(vcfOfPasted(" \n\t\n"), ""));

test("sizes and durations are said as the server says them", () => {
  assert.equal(sizeText(999), "999 bytes");
  assert.equal(sizeText(153_600), "150 KiB (153,600 bytes)");
  assert.equal(shortSize(2 * 1024 ** 3), "2 GiB");
  assert.equal(durationText(0.2), "1 s");
  assert.equal(durationText(300), "5 min");
  assert.equal(durationText(7440), "2 h 4 min");
  assert.equal(durationText(90_000), "1 d 1 h");
});
