import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { GRACE_MS, LostAlarm } from "../../www/lost-alarm.js";
import { FakeClock } from "./fakes.js";

let clock, siren, alarm;

beforeEach(() => {
  clock = new FakeClock();
  siren = {
    sounding: false,
    start: () => (siren.sounding = true),
    stop: () => (siren.sounding = false),
  };
  alarm = new LostAlarm(siren, { clock });
  alarm.arm(true);
});

async function sounds() {
  alarm.setLost(true);
  await clock.pass(GRACE_MS);
}

test("a loss sounds after a moment", async () => {
  alarm.setLost(true);
  await clock.pass(GRACE_MS - 1);
  assert.equal(siren.sounding, false);
  await clock.pass(1);
  assert.equal(siren.sounding, true);
  assert.equal(alarm.sounding, true);
});

test("a short gap does not sound", async () => {
  alarm.setLost(true);
  await clock.pass(GRACE_MS - 1);
  alarm.setLost(false);
  await clock.pass(60_000);
  assert.equal(siren.sounding, false);
});

test("it does not end by itself when the sound is back", async () => {
  await sounds();
  alarm.setLost(false);
  await clock.pass(60_000);
  assert.equal(siren.sounding, true);
});

test("acknowledged, it is quiet about this loss and sounds at the next", async () => {
  await sounds();
  alarm.acknowledge();
  alarm.setLost(true);
  await clock.pass(60_000);
  assert.equal(siren.sounding, false);
  alarm.setLost(false);
  await sounds();
  assert.equal(siren.sounding, true);
});

test("who does not want alarms hears none", async () => {
  alarm.arm(false);
  await sounds();
  assert.equal(siren.sounding, false);
});

test("switched off while it sounds, it is quiet at once", async () => {
  await sounds();
  alarm.arm(false);
  assert.equal(siren.sounding, false);
});

test("switched on during a loss, it sounds", async () => {
  alarm.arm(false);
  await sounds();
  alarm.arm(true);
  await clock.pass(GRACE_MS);
  assert.equal(siren.sounding, true);
});
