// Notifications of the desktop: asked for by a button alone, remembered, and only for what ends unseen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Notices } from "../../services/web/src/gas_web/assets/js/notify.js";

// A browser's window, as far as this module sees it.
function browser({ permission = "default", answer = "granted", hidden = true, storage = true, phone = false } = {}) {
  const page = { shown: [], asked: 0, focused: 0, kept: new Map() };
  page.Notification = class {
    static permission = permission;
    static async requestPermission() {
      page.asked += 1;
      page.Notification.permission = answer;
      return answer;
    }
    constructor(title) {
      if (phone) throw new TypeError("Illegal constructor");
      page.shown.push(this);
      this.title = title;
    }
    close() {
      this.closed = true;
    }
  };
  page.localStorage = {
    getItem: (name) => page.kept.get(name) ?? null,
    setItem(name, value) {
      if (!storage) throw new Error("closed");
      page.kept.set(name, value);
    },
  };
  page.document = { hidden, hasFocus: () => !hidden };
  page.focus = () => (page.focused += 1);
  return page;
}

const titles = (page) => page.shown.map(({ title }) => title);

test("nothing is asked and nothing is told before the button was pressed", () => {
  const page = browser({ permission: "granted" });
  const notices = new Notices(page);
  notices.tell(true, false, "Ready: a.vcf");
  assert.deepEqual([notices.on, page.asked, page.shown.length], [false, 0, 0]);
});

test("once on, the end of a job is told, on the next page too", async () => {
  const page = browser();
  assert.equal(await new Notices(page).turnOn(), true);
  page.shown.length = 0;
  const notices = new Notices(page);
  assert.equal(notices.on, true);
  notices.tell(true, false, "Ready: a.vcf");
  notices.tell(true, false, "Failed: b.vcf");
  assert.deepEqual(titles(page), ["Ready: a.vcf", "Failed: b.vcf"]);
  page.shown[0].onclick();
  assert.deepEqual([page.focused, page.shown[0].closed], [1, true]);
});

test("steps on the way, and what happens to results later, are not told", async () => {
  const page = browser();
  const notices = new Notices(page);
  await notices.turnOn();
  page.shown.length = 0;
  notices.tell(true, true, "Annotating: a.vcf");
  notices.tell(false, false, "Moving to archive: a.vcf");
  assert.equal(page.shown.length, 0);
});

test("who looks at the page is not told beside it", async () => {
  const page = browser({ hidden: false });
  const notices = new Notices(page);
  await notices.turnOn();
  page.shown.length = 0;
  notices.tell(true, false, "Ready: a.vcf");
  assert.equal(page.shown.length, 0);
});

test("a refusal of the browser is known, and so is one taken back later", async () => {
  const page = browser({ answer: "denied" });
  const notices = new Notices(page);
  assert.equal(await notices.turnOn(), false);
  assert.deepEqual([notices.on, notices.refused], [false, true]);
  const other = browser();
  const later = new Notices(other);
  await later.turnOn();
  other.Notification.permission = "denied";
  assert.equal(later.on, false);
});

test("turned off is off", async () => {
  const page = browser();
  const notices = new Notices(page);
  await notices.turnOn();
  notices.turnOff();
  assert.equal(new Notices(page).on, false);
});

test("where notifications cannot be made or remembered they are not on", async () => {
  await assert.rejects(new Notices(browser({ phone: true })).turnOn(), TypeError);
  const forgetful = new Notices(browser({ storage: false }));
  await forgetful.turnOn();
  assert.equal(forgetful.on, false);
  assert.equal(new Notices({}).possible, false);
});
