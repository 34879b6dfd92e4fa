import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { PushToTalk, TAP_MS } from "../../www/push-to-talk.js";
import { FakeClock } from "./fakes.js";

const FINGER = 7;
const OTHER_FINGER = 8;

let clock, talk, states;

beforeEach(() => {
  clock = new FakeClock();
  talk = new PushToTalk({ clock });
  states = [];
  talk.on("state", (state) => states.push(state));
});

test("talking begins with the press, not with the release", () => {
  talk.press(FINGER);
  assert.equal(talk.talking, true);
});

test("held, it talks until it is released", async () => {
  talk.press(FINGER);
  await clock.pass(TAP_MS);
  talk.release(FINGER);
  assert.deepEqual(states, ["held", "off"]);
});

test("tapped, it talks until the next tap", async () => {
  talk.press(FINGER);
  await clock.pass(TAP_MS - 1);
  talk.release(FINGER);
  await clock.pass(60_000);
  assert.equal(talk.talking, true);
  talk.press(FINGER);
  talk.release(FINGER);
  assert.deepEqual(states, ["held", "latched", "leaving", "off"]);
});

test("latched, a long press ends it too, at its release", async () => {
  talk.press(FINGER);
  talk.release(FINGER);
  talk.press(FINGER);
  await clock.pass(5000);
  assert.equal(talk.talking, true);
  talk.release(FINGER);
  assert.equal(talk.talking, false);
});

test("a press that the system takes away never latches, however short it was", () => {
  talk.press(FINGER);
  talk.release(FINGER, false);
  assert.equal(talk.talking, false);
});

test("a second finger neither begins nor ends anything", async () => {
  talk.press(FINGER);
  await clock.pass(1000);
  talk.press(OTHER_FINGER);
  talk.release(OTHER_FINGER);
  assert.equal(talk.state, "held");
  talk.release(FINGER);
  assert.equal(talk.state, "off");
});

test("a release that no press came before is nothing", () => {
  talk.release(FINGER);
  assert.deepEqual(states, []);
});

test("a plain click, as of a screen reader, turns it on and off", () => {
  talk.toggle();
  talk.toggle();
  assert.deepEqual(states, ["latched", "off"]);
});

test("when the page loses attention a hold ends, and a latch stays", () => {
  talk.press(FINGER);
  talk.loseHold();
  assert.equal(talk.talking, false);
  talk.toggle();
  talk.loseHold();
  assert.equal(talk.talking, true);
});

test("reset lets go of everything; the finger that is still down then means nothing", async () => {
  talk.press(FINGER);
  await clock.pass(1000);
  talk.reset();
  talk.release(FINGER);
  assert.deepEqual(states, ["held", "off"]);
});

test("where a tap does not latch, it talks no longer than the tap; a plain click still does", async () => {
  const held = new PushToTalk({ clock, latches: false });
  held.press(FINGER);
  await clock.pass(TAP_MS / 2);
  held.release(FINGER);
  assert.equal(held.talking, false);
  held.toggle();
  assert.equal(held.talking, true);
});
