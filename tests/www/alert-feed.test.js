import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { AlertFeed, MOST } from "../../www/alert-feed.js";
import { Emitter } from "../../www/emitter.js";
import { settled } from "./fakes.js";

let relay, recent, told;

/** A line to a relay that keeps what it was alerted of. */
class Relay extends Emitter {
  line = 0;

  async opens() {
    this.line += 1;
    this.emit("streams", []);
    await settled();
  }
}

beforeEach(() => {
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  };
  relay = new Relay();
  recent = [];
  told = [];
});

function feed() {
  const made = new AlertFeed(relay, async () => [...recent]);
  made.on("alert", ({ alert, aloud }) => told.push(`${alert.id} ${aloud ? "aloud" : "quietly"}`));
  return made;
}

function raised(id, age_s = 0) {
  const alert = { type: "alert", id, kind: "cry", began_at: Date.now() / 1000 - age_s };
  recent.unshift(alert);
  return alert;
}

test("what is told at once is told aloud", async () => {
  feed();
  await relay.opens();
  relay.emit("alert", raised("1"));
  assert.deepEqual(told, ["1 aloud"]);
});

test("what was raised before the page was open is shown, the newest last", async () => {
  raised("1");
  raised("2");
  feed();
  await relay.opens();
  assert.deepEqual(told, ["1 quietly", "2 quietly"]);
});

test("what was raised while there was no line is told aloud on the next one, and only that", async () => {
  feed();
  await relay.opens();
  relay.emit("alert", raised("1"));
  raised("2");
  await relay.opens();
  relay.emit("streams", []);
  await settled();
  assert.deepEqual(told, ["1 aloud", "2 aloud"]);
});

test("what comes while the missed are asked for is told once", async () => {
  feed();
  raised("1");
  const opening = relay.opens();
  relay.emit("alert", raised("2"));
  await opening;
  assert.deepEqual(told, ["2 aloud", "1 quietly"]);
});

test("what was seen on this device is told no more, on no later page", async () => {
  raised("1");
  const first = feed();
  await relay.opens();
  first.seen();
  raised("2");
  told = [];
  relay = new Relay();
  feed();
  await relay.opens();
  assert.deepEqual(told, ["2 quietly"]);
});

test("a relay that began anew has forgotten what was seen, and tells all it has", async () => {
  raised("1");
  const first = feed();
  await relay.opens();
  first.seen();
  recent = [];
  raised("2");
  await relay.opens();
  assert.deepEqual(told, ["1 quietly", "2 aloud"]);
});

test("of many that were missed the last are told", async () => {
  for (let number = 0; number < 10; number += 1) raised(`${number}`);
  feed();
  await relay.opens();
  assert.equal(told.length, MOST);
  assert.equal(told.at(-1), "9 quietly");
});

test("of what was missed nothing older than a day is told", async () => {
  raised("1", 25 * 3600);
  raised("2", 23 * 3600);
  feed();
  await relay.opens();
  assert.deepEqual(told, ["2 quietly"]);
});
