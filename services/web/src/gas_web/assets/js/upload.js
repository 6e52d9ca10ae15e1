// The submit page: files chosen, dropped or pasted are looked at before anything is sent, each becomes a job of its own,
// and large ones go in parts. The form works without this module; the store and the server enforce the limits either way.

import { fingerprint, isThisFile, PartsUpload } from "./parts.js";
import { placeOfLine, vcfOfPasted } from "./pasted.js";
import { preflight } from "./preflight.js";
import { arrivedText, showUnfinished } from "./unfinished.js";
import { counted, durationText, number, shortSize, sizeText } from "./words.js";

const RENEW_BEFORE_MS = 60_000;
const NAMED_CONTIGS = 5;

const cloned = (form, name) => form.querySelector(`template[data-${name}]`).content.cloneNode(true).firstElementChild;

function readySentence({ facts }) {
  const version = facts.version ? `VCF ${facts.version}` : "VCF";
  const parts = [`Ready: ${version}`];
  if (facts.records !== null) {
    parts.push(`${facts.exact ? "" : "about "}${counted(facts.records, "record")}${facts.bundle ? ` on ${facts.bundle}` : ""}`);
    parts.push(facts.samples ? counted(facts.samples, "sample") : "no samples");
    parts.push(`about ${durationText(facts.seconds)} of work`);
  }
  return `${parts.join(", ")}.`;
}

function contentSentence({ facts }) {
  const named = facts.contigs.slice(0, NAMED_CONTIGS).map(({ contig, count }) => `${contig} (${number(count)})`);
  const more = facts.contigs.length > NAMED_CONTIGS ? ` and ${number(facts.contigs.length - NAMED_CONTIGS)} more` : "";
  const parts = [];
  if (named.length) parts.push(`${facts.exact ? "Contigs" : "Contigs seen so far"}: ${named.join(", ")}${more}.`);
  if (facts.why) parts.push(`${facts.bundle}, as ${facts.why}.`);
  if (facts.assembly) parts.push(`Its header names ${facts.assembly}.`);
  return parts.join(" ");
}

// One file: its place on the page, what was found in it, and its way to the store.
class Item {
  constructor(form, file) {
    this.form = form;
    this.file = file;
    this.verdict = null;
    this.upload = null;
    this.resume = null;
    this.location = "";
    this.element = cloned(form, "file");
    this.element.querySelector("[data-name]").textContent = file.name;
    this.element.querySelector("[data-size]").textContent = sizeText(file.size);
    this.verdictPlace = this.element.querySelector("[data-verdict]");
    this.progress = this.element.querySelector("progress");
    this.text = this.element.querySelector("[data-text]");
    this.hint = this.element.querySelector("[data-hint]");
    this.button("pause").addEventListener("click", () => this.upload?.pause());
    // Without a connection the page offers to discard it the next time, and after a day the server does.
    this.button("give-up").addEventListener("click", () => this.upload?.giveUp().catch(() => {}));
  }

  button(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  get ready() {
    return Boolean(this.verdict?.ok) && !this.location;
  }

  show(name, sentence, ...more) {
    const piece = cloned(this.form, name);
    piece.querySelector("span").textContent = sentence;
    piece.removeAttribute("id"); // There may be several.
    this.verdictPlace.replaceChildren(piece, ...more);
  }

  refuse(sentence) {
    this.verdict = { ok: false };
    this.show("error", sentence);
    this.quiet();
  }

  quiet() {
    const buttons = ["pause", "resume", "give-up", "sign-in"].map((name) => this.button(name));
    for (const part of [this.progress, this.text, this.hint, ...buttons]) part.hidden = true;
  }

  async check(options, uploads) {
    try {
      this.verdict = await preflight(this.file, this.file.name, options);
    } catch {
      this.refuse(`${this.file.name} cannot be read. Choose it again.`);
      return;
    }
    if (!this.verdict.ok) {
      this.refuse(`${this.verdict.sentence} ${this.verdict.hint}`.trim());
      return;
    }
    const lines = this.verdict.notes.map((note) => {
      const line = cloned(this.form, "note");
      line.querySelector("span").textContent = note;
      return line;
    });
    const content = contentSentence(this.verdict);
    if (content) lines.unshift(Object.assign(document.createElement("p"), { className: "muted small", textContent: content }));
    this.show("ready", readySentence(this.verdict), ...lines);
    if (!uploads.length) return;
    const print = await fingerprint(this.file);
    this.resume = uploads.find((upload) => isThisFile(upload, this.file, print)) ?? null;
    if (!this.resume) return;
    this.text.textContent = `${arrivedText(this.resume)} before; only the rest is sent.`;
    this.text.hidden = false;
  }

  // How an upload in parts stands.
  follow(upload) {
    const { state, sent, size, speed } = upload;
    const share = `${shortSize(sent)} of ${shortSize(size)}`;
    const waits = ["paused", "lost", "busy", "signed-out"].includes(state);
    this.progress.hidden = this.text.hidden = state === "refused";
    this.progress.value = sent / size;
    this.text.textContent = {
      sending: speed ? `${share}, ${shortSize(speed)} a second, about ${durationText((size - sent) / speed)} left.` : `${share}.`,
      paused: `Paused at ${share}.`,
      lost: `Connection lost; what arrived is safe. It goes on by itself: ${share}.`,
      busy: `Too much was asked at once; what arrived is safe. It goes on by itself within a minute: ${share}.`,
      "signed-out": `Your sign-in is over; what arrived is safe: ${share}. Sign in, come back to this tab and go on.`,
      done: `${shortSize(size)} arrived.`,
    }[state] ?? "";
    this.button("pause").hidden = state !== "sending";
    this.button("resume").hidden = !waits;
    this.button("sign-in").hidden = state !== "signed-out";
    this.button("give-up").hidden = this.hint.hidden = state === "done" || state === "refused";
    if (state === "refused") this.refuse(upload.sentence || "Cancelled; nothing was submitted.");
  }

  arrived(location) {
    this.location = location;
    this.quiet();
    const link = Object.assign(document.createElement("a"), { href: location, textContent: "Open its job" });
    this.show("ready", `${this.file.name} is submitted.`, link);
  }
}

function bind(form) {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector("[data-checks]");
  const button = form.querySelector("button[type=submit]");
  const drop = form.querySelector("[data-drop]");
  const announcer = form.querySelector("[data-announcer]");
  const waiting = form.querySelector("[data-unfinished]");
  // Not there where there is nothing to choose.
  const reference = form.querySelector("[data-reference]");
  const title = document.title;
  const session = { url: form.dataset.uploadsUrl, token: form.dataset.csrf, edit: form.dataset.edit ?? null };
  const options = {
    bundles: JSON.parse(form.dataset.bundles),
    maxBytes: Number(form.dataset.maxBytes),
    maxText: form.dataset.maxText,
    recordsPerSecond: Number(form.dataset.recordsPerSecond),
  };
  let items = [];
  let uploads = [];
  let sending = false;
  let formUsed = false;
  let told = "";
  let checked = Promise.resolve();

  const tell = (sentence) => {
    if (sentence !== told) announcer.textContent = told = sentence;
  };

  function settle() {
    const ready = items.filter((item) => item.ready);
    const wrong = items.some((item) => item.verdict && !item.verdict.ok);
    input.toggleAttribute("aria-invalid", wrong);
    if (wrong) input.setAttribute("aria-invalid", "true");
    button.textContent = ready.length > 1 ? `Annotate ${number(ready.length)} files` : "Annotate";
  }

  function take(files) {
    if (!sending && files.length) checked = look(files);
    return checked;
  }

  async function look(files) {
    const chosen = [...files].map((file) => new Item(form, file));
    items = chosen;
    list.replaceChildren(...chosen.map((item) => item.element));
    settle();
    const asked = reference?.value ?? "";
    await Promise.all(chosen.map((item) => item.check({ ...options, asked }, uploads)));
    if (items !== chosen) return; // Others were chosen meanwhile.
    settle();
    if (chosen.length > 1) tell(`${number(chosen.filter((item) => item.ready).length)} of ${number(chosen.length)} files are ready.`);
  }

  // A form is good for one job and some minutes, and a token for one sign-in; the page has new ones.
  async function renew() {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("form[data-upload]");
    if (!response.ok || !fresh) throw new Error("no form");
    form.action = fresh.action;
    form.dataset.expiresAt = fresh.dataset.expiresAt;
    session.token = fresh.dataset.csrf;
    for (const field of form.querySelectorAll(":scope > input[type=hidden]")) field.remove();
    form.prepend(...fresh.querySelectorAll(":scope > input[type=hidden]"));
    formUsed = false;
  }

  // The store answers with a redirect to our own page. Browsers do not let a script follow it across origins,
  // but they do tell that it came; so the page goes there itself, and a refusal can be said at the file.
  async function sendByForm(item) {
    const { file } = item;
    item.text.textContent = `Sending ${file.name}, ${sizeText(file.size)}`;
    item.progress.removeAttribute("value");
    item.text.hidden = item.progress.hidden = false;
    tell(item.text.textContent);
    if (formUsed || new Date(form.dataset.expiresAt) - Date.now() < RENEW_BEFORE_MS) await renew();
    const data = new FormData();
    for (const field of form.querySelectorAll(":scope > input[type=hidden]")) data.append(field.name, field.value);
    if (reference) data.append(reference.name, item.verdict.facts.bundle);
    data.append("file", file, file.name); // The store reads no field after it.
    formUsed = true;
    const response = await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
    if (response.type === "opaqueredirect") return form.elements.namedItem("success_action_redirect").value;
    const refusal = new DOMParser().parseFromString(await response.text(), "text/xml").querySelector("Code")?.textContent;
    item.refuse(
      refusal === "EntityTooLarge"
        ? `${file.name} is ${sizeText(file.size)}; your plan takes ${form.dataset.maxText}. Compress it with bgzip, or split it.`
        : `The store did not take ${file.name} (${refusal ?? response.status}). Reload this page and choose it again.`,
    );
    return "";
  }

  async function sendInParts(item) {
    let quarter = 0;
    const onChange = (upload) => {
      item.follow(upload);
      document.title = upload.state === "sending" ? `${Math.floor((upload.sent / upload.size) * 100)} % · ${title}` : title;
      const passed = Math.floor((upload.sent / upload.size) * 4) * 25;
      if (upload.state !== "sending") tell(item.text.textContent);
      else if (passed > quarter) tell(`${(quarter = passed)} percent sent.`);
    };
    const choice = reference ? { bundle: item.verdict.facts.bundle } : {};
    const upload = new PartsUpload(item.file, session, { resume: item.resume, choice, onChange });
    item.upload = upload;
    item.button("resume").onclick = async () => {
      // The token of an old sign-in is good for nothing; without a page the upload waits on.
      if (upload.state === "signed-out") await renew().catch(() => {});
      upload.resume();
    };
    item.follow(upload);
    await upload.run();
    return upload.location;
  }

  async function send(item) {
    try {
      return await (item.file.size < Number(form.dataset.partsFrom) ? sendByForm(item) : sendInParts(item));
    } catch {
      // The file is as good as before: pressing again sends it again.
      item.show("error", `${item.file.name} did not arrive: the connection to the store failed. Nothing was submitted; try again.`);
      item.quiet();
      return "";
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await checked; // Pressed before the verdict was there.
    if (sending) return;
    const ready = items.filter((item) => item.ready);
    if (!ready.length) {
      input.focus();
      return;
    }
    const lock = (locked) => {
      sending = button.disabled = input.disabled = locked;
      if (reference) reference.disabled = locked;
    };
    lock(true);
    waiting.hidden = true;
    for (const item of ready) {
      const address = await send(item);
      if (!address) continue;
      if (items.length === 1) {
        location.assign(address);
        return;
      }
      // The page that the store would have sent to submits the job; it may be asked without going there.
      const page = await fetch(address).catch(() => null);
      if (page?.ok) item.arrived(page.url);
      else item.refuse(`${item.file.name} arrived, and is submitted by itself within half an hour. See your jobs then.`);
    }
    lock(false);
    document.title = title;
    settle();
    if (items.length > 1) tell(`${number(items.filter((item) => item.location).length)} of ${number(items.length)} files are submitted.`);
    if (items.every((item) => item.location)) location.assign(form.dataset.jobsUrl);
  });

  input.multiple = true;
  input.addEventListener("change", () => take(input.files));
  reference?.addEventListener("change", () => take(items.filter((item) => !item.location).map((item) => item.file)));
  // Back from the job: this form has made its job, so the next file needs a new one.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  addEventListener("beforeunload", (event) => {
    if (items.some((item) => item.upload && !item.button("give-up").hidden)) event.preventDefault();
  });

  form.querySelector("[data-drop-hint]").hidden = false;
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    if (sending) return;
    input.files = event.dataTransfer.files;
    take(input.files);
  });

  const paste = form.querySelector("[data-paste]");
  const lines = paste.querySelector("textarea");
  paste.hidden = false;
  paste.querySelector("button").addEventListener("click", () => {
    const text = vcfOfPasted(lines.value);
    if (!text) {
      lines.focus();
      return;
    }
    input.value = "";
    input.required = false;
    take([new File([text], paste.dataset.name ?? "pasted.vcf")]);
  });
  // Lines of a job that failed: begin at the one at fault.
  if (paste.dataset.line) {
    document.querySelector("[data-draft]").hidden = false;
    lines.focus();
    lines.setSelectionRange(...placeOfLine(lines.value, Number(paste.dataset.line)));
    const height = lines.scrollHeight / lines.value.split("\n").length;
    lines.scrollTop = (Number(paste.dataset.line) - lines.rows / 2) * height;
    lines.scrollLeft = 0;
  }

  for (const sample of form.querySelectorAll("[data-sample]")) {
    sample.addEventListener("click", async (event) => {
      event.preventDefault();
      const response = await fetch(sample.href);
      input.value = "";
      input.required = false;
      await take([new File([await response.blob()], sample.download)]);
      button.focus();
    });
  }

  showUnfinished(
    waiting,
    session,
    (upload) => `${upload.name}: ${arrivedText(upload)}. Choose the same file again, and only the rest is sent.`,
    async (found) => {
      uploads = found;
      if (uploads.length && items.length && !sending) await take(items.map((item) => item.file));
    },
  );
  // The browser may keep the chosen file over a reload.
  if (input.files.length) take(input.files);
}

for (const form of document.querySelectorAll("form[data-upload]")) bind(form);
