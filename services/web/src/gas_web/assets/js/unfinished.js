// Uploads that this browser has begun and not ended: what has arrived of each, and a button that discards it.
// Resuming takes the file itself, so that is done on the submit page.

import { arrivedBytes, giveUp, unfinished } from "./parts.js";
import { shortSize } from "./words.js";

export const arrivedText = (upload) => `${shortSize(arrivedBytes(upload))} of ${shortSize(upload.size_bytes)} have arrived`;

// Fill `place` by the piece in its template. `say` makes the sentence of one, `onChange` gets those that are left.
export async function showUnfinished(place, session, say, onChange = () => {}) {
  const uploads = await unfinished(session);
  const template = place.querySelector("template");
  const pieces = uploads.map((upload) => {
    const piece = template.content.cloneNode(true).firstElementChild;
    piece.querySelector("span").textContent = say(upload);
    piece.querySelector("button").addEventListener("click", async () => {
      await giveUp(session, upload.job_id).catch(() => {});
      await showUnfinished(place, session, say, onChange);
      // What had the focus is gone.
      (place.querySelector("button") ?? document.querySelector("main")).focus();
    });
    return piece;
  });
  place.replaceChildren(template, ...pieces);
  place.hidden = !uploads.length;
  await onChange(uploads);
}
