// An upload in parts, as far as it needs no browser: what it makes of the answers of our own pages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PartsUpload } from "../../services/web/src/gas_web/assets/js/parts.js";

globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};

// Run an upload against answers in turn; the states that it went through.
async function states(t, ...answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, { body }) => {
    asked.push(JSON.parse(body));
    return answers.shift();
  });
  const seen = [];
  const file = Object.assign(new Blob(["##fileformat=VCFv4.2\n"]), { name: "a.vcf" });
  const upload = new PartsUpload(file, { url: "/annotate/uploads", token: "t", edit: null }, {
    onChange: ({ state }) => seen.push(state),
  });
  await upload.run();
  return { seen, asked, upload };
}

const refused = () => Response.json({ error: "size", sentence: "The file is too large." }, { status: 413 });

test("being asked to wait is no lost connection, and the pause is the one that was told", async (t) => {
  const begun = performance.now();
  const busy = new Response("", { status: 429, headers: { "Retry-After": "1" } });
  const { seen, asked, upload } = await states(t, busy, refused());
  assert.deepEqual(seen, ["busy", "refused"]);
  assert.equal(upload.sentence, "The file is too large.");
  assert.deepEqual(asked[0], asked[1]);
  assert.ok(performance.now() - begun >= 950);
});

test("an answer that cannot be given just now is a lost connection", async (t) => {
  const { seen } = await states(t, new Response("", { status: 503 }), refused());
  assert.deepEqual(seen, ["lost", "refused"]);
});
