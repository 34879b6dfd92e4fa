import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Notifications } from "../../www/notifications.js";

let shown, answer;

/** What a browser on a desk has. */
class FakeNotification {
  static permission = "default";

  static async requestPermission() {
    this.permission = answer;
  }

  constructor(title, { body, tag } = {}) {
    if (new.target.permission === "granted") shown.push([title, body, tag]);
  }
}

beforeEach(() => {
  shown = [];
  answer = "granted";
  FakeNotification.permission = "default";
});

function notifications(more = {}) {
  return new Notifications({ isSecureContext: true, Notification: FakeNotification, ...more });
}

test("nothing is shown before the person was asked", async () => {
  const made = notifications();
  made.show("Nursery: Somebody cries", "1");
  assert.equal(made.state, "default");
  assert.deepEqual(shown, []);
  await made.ask();
  made.show("Nursery: Somebody cries", "1");
  assert.equal(made.state, "granted");
  assert.deepEqual(shown, [["Earshot", "Nursery: Somebody cries", "1"]]);
});

test("making sure that there are any shows none", () => {
  FakeNotification.permission = "granted";
  assert.equal(notifications().state, "granted");
  assert.deepEqual(shown, []);
});

test("who refuses is shown nothing", async () => {
  answer = "denied";
  const made = notifications();
  await made.ask();
  made.show("Nursery: Somebody cries", "1");
  assert.equal(made.state, "denied");
  assert.deepEqual(shown, []);
});

test("a page that is not secure does not ask", async () => {
  const made = notifications({ isSecureContext: false });
  await made.ask();
  assert.equal(made.state, "insecure");
  assert.equal(FakeNotification.permission, "default");
});

test("a browser without notifications, or with some that no page can make, has none", async () => {
  class ForWorkers extends FakeNotification {
    constructor() {
      throw new TypeError("Illegal constructor");
    }
  }
  for (const Notification of [undefined, ForWorkers]) {
    const made = notifications({ Notification });
    assert.equal(made.state, "missing");
    await made.ask();
    made.show("Nursery: Somebody cries", "1");
  }
  assert.equal(FakeNotification.permission, "default");
});
