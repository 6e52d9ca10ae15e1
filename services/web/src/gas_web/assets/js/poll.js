// Follow a job: ask for its panel when the panel says (data-poll-seconds, set by the server) and swap it in place.
// The server's word is the one truth about the pace; here it is only stretched, for a hidden tab and after a failure.

import { bindNotices, Notices, underWay } from "./notify.js";
import { holds } from "./swap.js";

const HIDDEN_SECONDS = 30;
const FAILED_SECONDS = 15;
const ENDED = 286;

const { htmx, Idiomorph } = globalThis;
const panel = () => document.getElementById("now");

function follow() {
  const note = document.querySelector("[data-poll-note]");
  const problem = document.querySelector("[data-poll-problem]");
  const retry = problem.querySelector("[data-poll-retry]");
  const announcer = document.querySelector("[data-announcer]");
  const favicon = document.querySelector("link[rel=icon]");
  const notices = new Notices(window);
  let { state, announce } = panel().dataset;
  let going = underWay(panel());
  let etag = "";
  let timer = 0;
  let asking = false;
  let failed = false;

  function seconds() {
    const told = Number(panel().dataset.pollSeconds ?? 0);
    return told && Math.max(told, document.hidden ? HIDDEN_SECONDS : 0, failed ? FAILED_SECONDS : 0);
  }

  function plan() {
    clearTimeout(timer);
    const wait = seconds();
    note.hidden = !wait || failed;
    if (wait) timer = setTimeout(ask, wait * 1000);
  }

  function ask() {
    clearTimeout(timer);
    if (asking || !seconds()) return;
    asking = true;
    htmx.trigger(panel(), "gas:poll");
  }

  function tell(sentence) {
    failed = Boolean(sentence);
    problem.hidden = !failed;
    problem.firstElementChild.textContent = sentence;
  }

  function noticeChange() {
    const now = panel().dataset;
    document.title = now.title;
    favicon.href = now.favicon;
    if (now.announce !== announce) announcer.textContent = announce = now.announce;
    if (now.state !== state) {
      notices.tell(going, underWay(panel()), now.title.replace(/ · GAS$/, ""), location.pathname);
      state = now.state;
      going = underWay(panel());
      htmx.trigger("#details", "gas:state");
    }
  }

  function settle({ xhr }) {
    const { status } = xhr;
    if (status === 304) {
      tell("");
    } else if (status >= 200 && status < 300 && holds(xhr, "now")) {
      tell("");
      etag = xhr.getResponseHeader("ETag") ?? "";
      noticeChange();
      if (status === ENDED) delete panel().dataset.pollSeconds;
    } else if (status >= 200 && status < 500 && status !== 429) {
      // Signed out, or the job is gone: asking again cannot help, and the page itself will say which.
      tell("This page is out of date. Reload it to go on.");
      retry.textContent = "Reload";
      delete panel().dataset.pollSeconds;
    } else {
      tell("The latest state did not arrive. What you see may be old; we keep trying.");
    }
  }

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt === panel() && etag) detail.headers["If-None-Match"] = etag;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt.id !== "now") return;
    asking = false;
    settle(detail);
    plan();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? plan() : ask()));
  retry.addEventListener("click", () => (seconds() ? ask() : location.reload()));
  if (going) bindNotices(document.querySelector("[data-notify]"), notices);
  plan();
}

// What the reader opened stays open when the part around it is swapped.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
  !(name === "open" && element.localName === "details");

if (panel().dataset.pollSeconds) follow();
