// How numbers, sizes and durations are said, as on the pages that the server makes (words.py).

const format = new Intl.NumberFormat("en");
const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

export const number = (value) => format.format(value);

export function shortSize(bytes) {
  const power = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  const unit = ["bytes", "KiB", "MiB", "GiB"][power];
  return `${number(Math.round((bytes / 1024 ** power) * 10) / 10)} ${unit}`;
}

// 150 KiB (153,600 bytes)
export const sizeText = (bytes) => (bytes < 1024 ? shortSize(bytes) : `${shortSize(bytes)} (${number(bytes)} bytes)`);

export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

// 2 s, 5 min, 2 h 4 min: two units at most.
export function durationText(seconds) {
  let left = Math.max(1, Math.round(seconds));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count || parts.length) parts.push(count && `${count} ${unit}`);
  }
  return parts.slice(0, 2).filter(Boolean).join(" ");
}
