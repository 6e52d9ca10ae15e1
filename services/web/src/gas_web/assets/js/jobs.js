// Keep the list of jobs true: badges change in place, at the server's pace; rows that came or went are told of, and
// shown when the reader asks. Nothing moves under anybody's hand.

import { Notices, underWay } from "./notify.js";
import { arrivedText, showUnfinished } from "./unfinished.js";

const HIDDEN_SECONDS = 30;
const table = document.querySelector("[data-jobs-poll]");
const told = document.querySelector("[data-jobs-changed]");
const waiting = document.querySelector("[data-unfinished]");
const notices = new Notices(window);
const rows = (root) => new Map([...root.querySelectorAll("[data-job]")].map((row) => [row.dataset.job, row]));

/** Put a row's new state in the place of the old one. Its first cell has the tick, which is the reader's. */
function renew(row, fresh) {
  if (row.dataset.is === fresh.dataset.is) return;
  const link = fresh.querySelector("a");
  const title = `${fresh.querySelector(".state .mark").textContent.trim()}: ${link.textContent}`;
  notices.tell(underWay(row), underWay(fresh), title, link.pathname);
  row.dataset.is = fresh.dataset.is;
  row.toggleAttribute("data-under-way", underWay(fresh));
  for (const [place, cell] of [...row.cells].entries()) {
    if (place > 0) cell.replaceWith(document.importNode(fresh.cells[place], true));
  }
}

/** Rows of one document that the other lacks. */
const lacking = (some, others) => [...some.keys()].filter((id) => !others.has(id)).length;

function tell(count) {
  told.hidden = !count;
  if (count) told.firstElementChild.textContent = `${count} changed. Show`;
}

async function look() {
  const answer = await fetch(table.dataset.jobsHere, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [here, there] = [rows(table), rows(fresh)];
  if (!there.size) return;
  for (const [id, row] of here) if (there.has(id)) renew(row, there.get(id));
  tell(Math.max(lacking(there, here), lacking(here, there)));
  document.title = fresh.title;
  document.dispatchEvent(new CustomEvent("gas:swapped"));
  const pace = fresh.querySelector("[data-jobs-poll]")?.dataset.jobsPoll;
  if (pace) table.dataset.jobsPoll = pace;
  else delete table.dataset.jobsPoll;
}

function plan() {
  const pace = Number(table.dataset.jobsPoll ?? 0);
  if (!pace) return;
  const wait = Math.max(pace, document.hidden ? HIDDEN_SECONDS : 0);
  // A look that failed is made up for by the next one.
  setTimeout(() => look().catch(() => {}).finally(plan), wait * 1000);
}

if (table) plan();
const session = { url: waiting.dataset.uploadsUrl, token: waiting.dataset.csrf };
showUnfinished(waiting, session, (upload) => `${upload.name}: ${arrivedText(upload)}, and the job is not submitted yet.`);
