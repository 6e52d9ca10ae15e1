// A large file on its way to the store, part by part: each is signed when its turn comes, with its checksum; a lost
// connection is waited for; what has arrived is not sent again, not even days and tabs later. Why not a library: the
// smallest that does this is as large as all of our pages' scripts together, has to be bundled, and signs no checksums.

import { crc32, crc32OfBlob } from "./crc32.js";

const AT_ONCE = 3;
const END_BYTES = 64 * 1024;
const SILENT_MS = 30_000;
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const LONGEST_BUSY_MS = 60_000;
const TRIES = 3;
const SPEED_MS = 8_000;
const SHOWN_MS = 200;
const ANSWER_MS = 20_000;
const OVER = { error: "over", sentence: "This upload is over. Choose the file again to send it anew." };

// Nothing was heard of the other end, or it cannot answer just now: later it may.
class LostError extends Error {}
// We, or the store, were asked too often: it goes on by itself in some seconds.
class BusyError extends LostError {
  constructor(retryAfter) {
    super();
    this.pause = Math.min(Math.max(Number(retryAfter) * 1000 || LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS), LONGEST_BUSY_MS);
  }
}
// The sign-in is over.
class SignedOutError extends Error {}
// An answer that trying again does not change: its sentence says what to do.
class RefusedError extends Error {
  constructor(told, status) {
    super(told.sentence);
    this.told = told;
    this.status = status;
  }
}
// The store does not take the part as it is: its address is too old, or it was damaged on its way.
class AgainError extends Error {}

// Ask our own pages. `session` holds the address and the token that goes with the sign-in, and the job that is tried again.
async function ask(session, path, body) {
  let response;
  try {
    response = await fetch(`${session.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json", "X-CSRFToken": session.token } : {},
      body: body && JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch {
    throw new LostError();
  }
  if (response.type === "opaqueredirect" || response.status === 401) throw new SignedOutError();
  if (response.status === 429) throw new BusyError(response.headers.get("Retry-After"));
  if (response.status >= 500) throw new LostError();
  const told = await response.json().catch(() => null);
  if (response.ok && told) return told;
  if (told || response.status === 404) throw new RefusedError(told ?? OVER, response.status);
  throw new SignedOutError(); // A page in place of an answer: the token belongs to a sign-in that is over.
}

// Put one part; fetch tells no progress, so this is the older way.
function put(url, piece, checksum, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), SILENT_MS);
    };
    const stop = () => request.abort();
    const end = (act, value) => {
      clearTimeout(watch);
      signal.removeEventListener("abort", stop);
      act(value);
    };
    request.open("PUT", url);
    request.setRequestHeader("x-amz-checksum-crc32", checksum);
    request.upload.onprogress = ({ loaded }) => {
      heard();
      onProgress(loaded);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return end(resolve);
      if (request.status === 429) return end(reject, new BusyError(request.getResponseHeader("Retry-After")));
      if (request.status >= 500) return end(reject, new LostError());
      if (request.status === 404) return end(reject, new RefusedError(OVER, 409));
      return end(reject, new AgainError(`The store did not take a part (${request.status}).`));
    };
    request.onerror = request.onabort = () => end(reject, new LostError());
    if (signal.aborted) return end(reject, new LostError());
    signal.addEventListener("abort", stop);
    heard();
    request.send(piece);
  });
}

// What a file is known again by beside its name and size: the checksums of its two ends.
export async function fingerprint(file) {
  const ends = [file.slice(0, END_BYTES), file.slice(-END_BYTES)];
  const sums = await Promise.all(ends.map(async (end) => crc32(new Uint8Array(await end.arrayBuffer()))));
  return sums.map((sum) => sum.toString(16).padStart(8, "0")).join("");
}

// Uploads that this browser has begun and not ended. Only their IDs are kept, for who is signed in can be asked of the
// server what they are, and nobody else.
const KEY = "gas-uploads";
const KEPT_MS = 2 * 86_400_000;

function kept(change) {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    for (const [id, begun] of Object.entries(all)) if (!(Date.now() - begun < KEPT_MS)) delete all[id];
    change?.(all);
    localStorage.setItem(KEY, JSON.stringify(all));
    return Object.keys(all);
  } catch {
    return []; // Storage is closed to us; then an upload lasts as long as its page.
  }
}

// Those of them that can go on, as the server tells them.
export async function unfinished(session) {
  const found = await Promise.all(
    kept().map(async (id) => {
      try {
        return await ask(session, `/${id}`);
      } catch (error) {
        // 404: of somebody else who uses this browser, and theirs to keep.
        if (error.status === 409) kept((all) => delete all[id]);
        return null;
      }
    }),
  );
  return found.filter(Boolean);
}

export async function giveUp(session, id) {
  await ask(session, `/${id}/give-up`, {});
  kept((all) => delete all[id]);
}

export const isThisFile = (upload, file, print) =>
  upload.size_bytes === file.size && upload.fingerprint === print && upload.name === file.name.normalize("NFC").trim();

export const arrivedBytes = (upload) => upload.arrived.reduce((sum, part) => sum + part.size_bytes, 0);

// One file's way. `onChange` is called with this after every change of:
//   state    "sending", "paused", "lost" (waits for the connection), "busy" (waits, as it asked too often), "signed-out",
//            "done", "refused"
//   sent     bytes that the store has, or that are on their way
//   speed    bytes a second of late, 0 while unknown
//   sentence why it was refused
//   location where the job is, once done
export class PartsUpload {
  #file;
  #session;
  #onChange;
  #choice;
  #upload = null;
  #arrived = new Map();
  #underWay = new Map();
  #wakers = [];
  #abort = new AbortController();
  #lostSince = 0;
  #shown = 0;
  #marks = [];
  #doneBytes = 0;
  #ended = false;
  #workers = Promise.resolve();

  // `choice` holds what is told of the file once it is there whole, such as its bundle.
  constructor(file, session, { resume = null, choice = {}, onChange }) {
    this.#file = file;
    this.#session = session;
    this.#onChange = onChange;
    this.#choice = choice;
    this.#upload = resume;
    this.state = "sending";
    this.sentence = "";
    this.location = "";
    addEventListener("online", this.#wake);
  }

  get id() {
    return this.#upload?.job_id ?? "";
  }

  get size() {
    return this.#file.size;
  }

  get sent() {
    let sent = this.#doneBytes;
    for (const bytes of this.#underWay.values()) sent += bytes;
    return Math.min(sent, this.#file.size);
  }

  get speed() {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    return last && last.time - first.time > 500 ? Math.max(0, ((last.sent - first.sent) / (last.time - first.time)) * 1000) : 0;
  }

  // To the end: done, refused or given up.
  async run() {
    try {
      this.#upload ??= await this.#patiently(async () =>
        ask(this.#session, "", { name: this.#file.name, size_bytes: this.#file.size, fingerprint: await fingerprint(this.#file), edit: this.#session.edit }),
      );
      kept((all) => (all[this.id] = Date.now()));
      for (const part of this.#upload.arrived) this.#arrived.set(part.number, part.crc32);
      await this.#sendAll();
      kept((all) => delete all[this.id]);
      this.#set("done");
    } catch (error) {
      if (this.#ended) return;
      if (error.told?.error === "over") kept((all) => delete all[this.id]);
      const said = error instanceof RefusedError || error instanceof AgainError;
      this.sentence = said ? error.message : "The file can no longer be read. Choose it again.";
      this.#set("refused");
    } finally {
      removeEventListener("online", this.#wake);
    }
  }

  pause() {
    if (!this.#waiting && this.state !== "sending") return;
    this.#set("paused");
    this.#abort.abort();
  }

  resume() {
    if (this.state === "paused" || this.state === "signed-out") {
      this.#abort = new AbortController();
      this.#set("sending");
    }
    this.#wake();
  }

  async giveUp() {
    this.#ended = true;
    this.#abort.abort();
    this.#set("refused");
    this.#wake();
    // Whoever asks for the address of a part of what was given up is refused.
    await this.#workers;
    if (this.id) await giveUp(this.#session, this.id);
  }

  get #waiting() {
    return this.state === "lost" || this.state === "busy";
  }

  async #sendAll() {
    const count = Math.ceil(this.#file.size / this.#upload.part_bytes);
    let numbers = Array.from({ length: count }, (_, index) => index + 1);
    for (;;) {
      const queue = [...numbers];
      const worker = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) await this.#send(next);
      };
      const workers = Array.from({ length: AT_ONCE }, worker);
      this.#workers = Promise.allSettled(workers);
      await Promise.all(workers);
      try {
        this.location = (await this.#patiently(() => ask(this.#session, `/${this.id}/finish`, this.#choice))).location;
        return;
      } catch (error) {
        if (error.told?.error !== "missing") throw error;
        numbers = error.told.missing;
        for (const number of numbers) {
          this.#arrived.delete(number);
          this.#doneBytes -= this.#piece(number).size;
        }
      }
    }
  }

  #piece(number) {
    const { part_bytes: size } = this.#upload;
    return this.#file.slice((number - 1) * size, number * size);
  }

  async #send(number) {
    const piece = this.#piece(number);
    await this.#patiently(async () => {
      // Read at each try: a file that was moved meanwhile must not pass for a lost connection.
      const checksum = await crc32OfBlob(piece);
      // What stands in the store counts only if it is what stands in the file.
      if (this.#arrived.get(number) !== checksum) await this.#put(number, piece, checksum);
    });
    this.#doneBytes += piece.size;
    this.#moved();
  }

  async #put(number, piece, checksum) {
    for (let left = TRIES; ; ) {
      const { url } = await ask(this.#session, `/${this.id}/parts`, { number, crc32: checksum });
      const onProgress = (loaded) => {
        this.#underWay.set(number, loaded);
        this.#moved();
      };
      try {
        await put(url, piece, checksum, { signal: this.#abort.signal, onProgress });
        return;
      } catch (error) {
        left -= 1;
        if (!(error instanceof AgainError) || !left) throw error;
      } finally {
        this.#underWay.delete(number);
      }
    }
  }

  // Do it, again and again for as long as only the way is at fault, and not while paused or signed out.
  async #patiently(act) {
    for (;;) {
      if (this.#ended) throw new LostError();
      if (this.state === "paused" || this.state === "signed-out") {
        await new Promise((resolve) => this.#wakers.push(resolve));
        continue;
      }
      try {
        const answer = await act();
        if (this.#waiting) this.#set("sending");
        return answer;
      } catch (error) {
        if (error instanceof SignedOutError) {
          this.#set("signed-out");
        } else if (error instanceof LostError) {
          const state = error instanceof BusyError ? "busy" : "lost";
          if (this.state === "sending" || (this.#waiting && this.state !== state)) this.#set(state);
          if (this.#waiting) await this.#rest(error.pause);
        } else {
          throw error;
        }
      }
    }
  }

  // Until the browser is online again, the reader presses, or some time has passed: longer, the longer it lasts.
  async #rest(told) {
    const pause = told ?? Math.min(Math.max(performance.now() - this.#lostSince, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    await Promise.race([
      new Promise((resolve) => this.#wakers.push(resolve)),
      new Promise((resolve) => setTimeout(resolve, pause)),
    ]);
  }

  #wake = () => {
    for (const wake of this.#wakers.splice(0)) wake();
  };

  #moved() {
    const time = performance.now();
    this.#marks.push({ time, sent: this.sent });
    while (time - this.#marks[0].time > SPEED_MS) this.#marks.shift();
    if (time - this.#shown < SHOWN_MS) return;
    this.#shown = time;
    this.#onChange(this);
  }

  #set(state) {
    if (state === "lost") this.#lostSince = performance.now();
    this.state = state;
    this.#marks = [];
    this.#onChange(this);
  }
}
