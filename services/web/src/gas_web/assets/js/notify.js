// A notification of the desktop when a job ends, for who asked for it. Off until the reader presses the button, and
// remembered in this browser; only then does the browser ask for its own permission.

const KEY = "gas-notify";

// Of a job's panel or row, which say what is under way.
export const underWay = (element) => "underWay" in element.dataset;

// `page` is the window: its Notification, its localStorage and its document are used.
export class Notices {
  #page;

  constructor(page) {
    this.#page = page;
  }

  get possible() {
    return typeof this.#page.Notification === "function";
  }

  get refused() {
    return this.possible && this.#page.Notification.permission === "denied";
  }

  get on() {
    return this.possible && this.#page.Notification.permission === "granted" && this.#stored() === "on";
  }

  // Ask, and show how it looks: where permission is given and notifications still cannot be made (phones), this throws.
  async turnOn() {
    const granted = (await this.#page.Notification.requestPermission()) === "granted";
    if (granted) {
      new this.#page.Notification("This is how GAS tells you that a job has ended", { tag: KEY });
      this.#store("on");
    }
    return granted;
  }

  turnOff() {
    this.#store("");
  }

  // A job was under way before, or is now, as its page says. Who looks at the page sees the end by themselves.
  // `path` is the job's: however many tabs follow it, one notification stands.
  tell(before, now, title, path) {
    const { document } = this.#page;
    if (!this.on || !before || now || (!document.hidden && document.hasFocus())) return;
    const notice = new this.#page.Notification(title, { tag: path });
    notice.onclick = () => {
      this.#page.focus();
      notice.close();
    };
  }

  // Storage may be closed to us; then nothing is remembered and nothing is told.
  #stored() {
    try {
      return this.#page.localStorage.getItem(KEY);
    } catch {
      return "";
    }
  }

  #store(value) {
    try {
      this.#page.localStorage.setItem(KEY, value);
    } catch {
      // As above.
    }
  }
}

// The button's word says what pressing it does. It stays when the job has ended, as it is about the next ones too, and
// nothing may move then.
export function bindNotices(place, notices) {
  const button = place.querySelector("button");
  const said = place.querySelector("[role=status]");
  const show = () => (button.textContent = notices.on ? "Stop notifying me" : "Notify me when jobs end");

  button.addEventListener("click", async () => {
    said.textContent = "";
    if (notices.on) {
      notices.turnOff();
    } else {
      const granted = await notices.turnOn().catch(() => null);
      if (granted === null) said.textContent = "This browser cannot show notifications; we mail you.";
      else if (!granted && notices.refused) said.textContent = "Your browser refuses notifications of this site; its settings can allow them.";
      else if (granted && !notices.on) said.textContent = "This browser does not let us remember that; we mail you.";
    }
    show();
  });
  show();
  place.hidden = !notices.possible;
}
