import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ScreenWakeLock } from "../../www/screen-wake-lock.js";
import { settled } from "./fakes.js";

let page, locks, allowed, wakeLock;

beforeEach(() => {
  page = new EventTarget();
  page.visibilityState = "visible";
  locks = [];
  allowed = true;
  wakeLock = {
    async request() {
      await Promise.resolve();
      if (!allowed) throw new Error("the battery is low");
      const lock = { released: false, release: async () => void (lock.released = true) };
      locks.push(lock);
      return lock;
    },
  };
});

const screen = () => new ScreenWakeLock({ document: page, wakeLock });
const held = () => locks.filter(({ released }) => !released).length;

async function becomes(visibilityState) {
  page.visibilityState = visibilityState;
  if (visibilityState === "hidden") for (const lock of locks) lock.released = true;
  page.dispatchEvent(new Event("visibilitychange"));
  await settled();
}

describe("the screen", () => {
  test("stays on for as long as that is wanted", async () => {
    const lock = screen();
    lock.want(true);
    await settled();
    assert.equal(held(), 1);
    lock.want(false);
    await settled();
    assert.equal(held(), 0);
  });

  test("is held once, however quick the wishes change", async () => {
    const lock = screen();
    for (const wanted of [true, false, true, true, false, true]) lock.want(wanted);
    await settled();
    assert.equal(held(), 1);
    lock.want(true);
    lock.want(false);
    await settled();
    assert.equal(held(), 0);
  });

  test("is held again when the page is back in sight", async () => {
    const lock = screen();
    lock.want(true);
    await settled();
    await becomes("hidden");
    assert.equal(held(), 0);
    await becomes("visible");
    assert.equal(held(), 1);
  });

  test("is not asked for out of sight, where it would be refused", async () => {
    await becomes("hidden");
    screen().want(true);
    await settled();
    assert.equal(locks.length, 0);
    await becomes("visible");
    assert.equal(held(), 1);
  });

  test("goes dark if the system wants it so, until the page is looked at again", async () => {
    allowed = false;
    const lock = screen();
    lock.want(true);
    await settled();
    assert.equal(held(), 0);
    allowed = true;
    await becomes("visible");
    assert.equal(held(), 1);
  });

  test("is left alone by browsers that keep it to pages with TLS", async () => {
    wakeLock = undefined;
    const lock = new ScreenWakeLock({ document: page, wakeLock });
    assert.equal(lock.possible, false);
    lock.want(true);
    await settled();
    lock.want(false);
    await settled();
  });
});
