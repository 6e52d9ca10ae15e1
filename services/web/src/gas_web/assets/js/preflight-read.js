// The first and the last part of a file as text, whatever it is packed with, without reading what lies between.

const HEAD_BYTES = 1024 * 1024;
const TAIL_BYTES = 128 * 1024;
// The most text that is looked at; a trap unpacks to no more than this in the browser.
const TEXT_BYTES = 4 * 1024 * 1024;
// The engine reads in such pieces, and says where it was by them.
const CHUNK_BYTES = 64 * 1024;
const BLOCK_BYTES = 64 * 1024;
const END_MARKER = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, 0x42, 0x43, 2, 0, 0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());
const startsMember = (data, at) => data[at] === 0x1f && data[at + 1] === 0x8b && data[at + 2] === 8;

function joined(pieces) {
  const all = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

// Where one write ends and the next begins: at the engine's pieces, and wherever another gzip member may begin, since
// DecompressionStream takes one member alone and refuses what comes behind it.
function cuts(data) {
  const places = new Set();
  for (let at = CHUNK_BYTES; at < data.length; at += CHUNK_BYTES) places.add(at);
  for (let at = data.indexOf(0x1f, 1); at > 0; at = data.indexOf(0x1f, at + 1)) if (startsMember(data, at)) places.add(at);
  return [...[...places].sort((a, b) => a - b), data.length];
}

// One gzip member: its text, how many bytes were taken, and "", "damaged" or "cut short".
async function gunzipMember(data, limit) {
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  const reader = readable.getReader();
  let taken = 0;
  const feeding = (async () => {
    for (const end of cuts(data)) {
      await writer.write(data.subarray(taken, end));
      taken = end;
    }
    await writer.close();
  })();
  feeding.catch(() => {}); // The reader hears of it as well.
  const pieces = [];
  let size = 0;
  try {
    while (size < limit) {
      const { done, value } = await reader.read();
      if (done) return { text: joined(pieces), taken, problem: "", ended: true };
      pieces.push(value);
      size += value.length;
    }
    reader.cancel().catch(() => {});
    return { text: joined(pieces), taken, problem: "", ended: false };
  } catch (error) {
    // Engines word it each in their way; what was taken whole and is wrong all the same has no end.
    const cut = /truncat|unexpected end|incomplete/i.test(`${error.message} ${error.cause?.message ?? ""}`);
    return { text: joined(pieces), taken, problem: cut ? "cut short" : "damaged", ended: true };
  }
}

// Member after member. `whole` tells whether `data` is all there is.
async function gunzip(data, whole) {
  const pieces = [];
  let at = 0;
  let size = 0;
  for (;;) {
    const part = await gunzipMember(data.subarray(at), TEXT_BYTES - size);
    pieces.push(part.text);
    size += part.text.length;
    const taken = at + part.taken;
    const done = { text: joined(pieces), taken, complete: false, problem: "" };
    if (!part.ended) return done;
    if (!part.problem) return { ...done, complete: whole };
    if (part.taken && part.text.length && startsMember(data, taken)) {
      at = taken; // The member before it ended here.
    } else if (part.text.length && taken < data.length && data.subarray(taken).every((byte) => byte === 0)) {
      return { ...done, complete: whole }; // Tapes and block devices pad with zeros.
    } else {
      if (!whole) return done; // The head of a file ends in the middle of a member.
      const place = part.problem === "cut short" ? data.length : Math.min(data.length, chunkEnd(taken + 1));
      return { ...done, problem: part.problem, place };
    }
  }
}

const chunkEnd = (place) => Math.ceil(place / CHUNK_BYTES) * CHUNK_BYTES;

// The size of the BGZF block at a place (SAM specification, section 4.1), 0 if there is none as every writer makes them.
function blockSize(data, at) {
  if (at + 18 > data.length || !startsMember(data, at) || data[at + 3] !== 4) return 0;
  if (data[at + 10] !== 6 || data[at + 11] || data[at + 12] !== 0x42 || data[at + 13] !== 0x43) return 0;
  return data[at + 16] + data[at + 17] * 256 + 1;
}

async function unpackBlocks(data, whole) {
  const pieces = [];
  let at = 0;
  let size = 0;
  for (let block = blockSize(data, 0); block && at + block <= data.length; block = blockSize(data, at)) {
    const { text, problem } = await gunzipMember(data.subarray(at, at + block), BLOCK_BYTES + 1);
    const place = Math.min(data.length, chunkEnd(at + block));
    if (problem) return { text: joined(pieces), taken: at, complete: false, problem: "damaged", place };
    at += block;
    pieces.push(text);
    size += text.length;
    if (size >= TEXT_BYTES) break;
  }
  return { text: joined(pieces), taken: at, complete: whole && at === data.length, problem: "" };
}

// The text of the last whole blocks: a place from which sizes lead to the very end is where a block begins.
async function unpackTail(data) {
  for (let at = 0; at < data.length; at += 1) {
    let end = at;
    for (let size = blockSize(data, end); size; size = blockSize(data, end)) end += size;
    if (end === data.length && end > at) return (await unpackBlocks(data.subarray(at), false)).text;
  }
  return new Uint8Array();
}

// What gzip says of its text's size in its last four bytes, modulo 4 GiB, if it is near enough to be that of a single member.
function statedSize(last, about) {
  const stated = new DataView(last.buffer, last.byteOffset + last.length - 4, 4).getUint32(0, true);
  const size = stated + Math.max(0, Math.round((about - stated) / 2 ** 32)) * 2 ** 32;
  return Math.abs(size / about - 1) < 0.25 ? size : about;
}

// Head and tail of a file.
//   compression  "plain", "gzip" or "bgzf"
//   head         the text from its beginning on, without a byte order mark
//   complete     whether head is all of the text
//   tail         the text before the end; empty if it cannot be read without the rest, or nothing lies between
//   textBytes    the size of the text: exact if complete, else about
//   problem      "", "damaged" or "cut short", and `place`, the byte that the engine names
export async function readEnds(blob) {
  const data = await bytesOf(blob.slice(0, HEAD_BYTES));
  const whole = blob.size <= HEAD_BYTES;
  const packed = startsMember(data, 0);
  const compression = !packed ? "plain" : blockSize(data, 0) ? "bgzf" : "gzip";
  const last = whole ? data : await bytesOf(blob.slice(-TAIL_BYTES));
  let read = { text: data, taken: data.length, complete: whole, problem: "" };
  let tail = new Uint8Array();
  if (compression === "gzip") read = await gunzip(data, whole);
  if (compression === "bgzf") {
    read = await unpackBlocks(data, whole);
    const end = last.subarray(-END_MARKER.length);
    if (!read.problem && !END_MARKER.every((byte, at) => end[at] === byte)) {
      // Records that are not there cannot be missed by a reader: only the marker tells that all are.
      read = { ...read, problem: "cut short", place: blob.size };
    } else if (!read.complete) tail = await unpackTail(last);
  }
  if (compression === "plain" && !whole) tail = last;
  const marked = read.text[0] === 0xef && read.text[1] === 0xbb && read.text[2] === 0xbf;
  const head = marked ? read.text.subarray(3) : read.text;
  const ratio = read.taken ? read.text.length / read.taken : 1;
  const about = Math.round(ratio * blob.size);
  const textBytes = read.complete ? head.length : compression === "gzip" ? statedSize(last, about) : about;
  return { compression, head, complete: read.complete, tail, textBytes, problem: read.problem, place: read.place ?? 0 };
}
