import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ApiError } from "../../www/api.js";
import {
  dbText,
  eventFacts,
  failureNotice,
  kindText,
  readoutText,
  spanText,
  tickText,
} from "../../www/history-text.js";

const at = (...parts) => new Date(...parts).getTime() / 1000;

test("history that is switched off says how it is switched on", () => {
  const off = new ApiError({ type: "error", code: "history_off", message: "off", request: null });
  assert.match(failureNotice(off).text, /option “history”/);
  assert.match(failureNotice(new TypeError("no answer")).title, /not reachable/);
  assert.match(failureNotice(new TypeError("no answer")).text, /Trying again/);
});

test("a kind that is newer than the page is told by its own name", () => {
  assert.equal(kindText("cry"), "Crying");
  assert.equal(kindText("glass_breaks"), "glass breaks");
});

test("an event says how long it was and how loud", () => {
  const event = { id: "e", kind: "cry", began_at: 100, ended_at: 190, level_dbfs: -21.6 };
  assert.equal(eventFacts(event), "1 min, up to −22 dB");
  assert.equal(eventFacts({ ...event, ended_at: null, level_dbfs: null }), "goes on");
});

test("levels have the sign that is as wide as a digit", () => {
  assert.equal(dbText(-0.2), "0 dB");
  assert.equal(dbText(-45.5), "−45 dB");
});

describe("a time", () => {
  test("at midnight is a day, else an hour", () => {
    assert.match(tickText(at(2026, 10, 21), 3600), /21/);
    assert.match(tickText(at(2026, 10, 21, 15), 3600), /15|3/);
    assert.doesNotMatch(tickText(at(2026, 10, 21, 15), 3600), /Nov/);
    assert.match(tickText(at(2026, 10, 21, 12), 86_400), /21/);
  });

  test("of a day is told once", () => {
    const text = spanText({ from: at(2026, 10, 21, 9), to: at(2026, 10, 21, 10) });
    assert.equal(text.match(/21/g).length, 1);
  });
});

test("a moment says all that is known of it", () => {
  const moment = {
    time: at(2026, 10, 20, 9),
    step: 60,
    level_dbfs: { mean: -40, minimum: -50, maximum: -30 },
    pitch_hz: null,
    speech_ratio: 0.25,
    events: [{ kind: "cry" }, { kind: "cry" }],
  };
  assert.match(readoutText(moment), /−40 dB \(−50 dB to −30 dB\) · voice 25 % · Crying$/);
});
