import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { HistoryRange, UNITS_S, spanUnder } from "../../www/history-range.js";

const NOW = 1_790_000_000;
const DAY = UNITS_S.day;

function last(unit, now = () => NOW) {
  return new HistoryRange(unit, now);
}

const shown = ({ from, to }) => [from - NOW, to - NOW];

describe("a range", () => {
  test("begins as the last unit that ends now", () => {
    assert.deepEqual(shown(last("day")), [-DAY, 0]);
    assert.ok(last("day").newest);
    assert.ok(!last("day").zoomed);
  });

  test("goes back and forward by its own length, and never into the future", () => {
    const range = last("hour");
    range.move(-1);
    range.move(-1);
    assert.deepEqual(shown(range), [-3 * 3600, -2 * 3600]);
    assert.ok(!range.newest);
    range.move(1);
    range.move(5);
    assert.deepEqual(shown(range), [-3600, 0]);
  });

  test("keeps its middle when the unit changes, unless it shows now", () => {
    const range = last("day");
    range.choose("week");
    assert.deepEqual(shown(range), [-7 * DAY, 0]);
    range.move(-1);
    range.choose("day");
    assert.deepEqual(shown(range), [-11 * DAY, -10 * DAY]);
  });

  test("zooms around a time that stays where it is", () => {
    const range = last("day");
    range.zoom(0.5, NOW - DAY / 4);
    assert.deepEqual(shown(range), [-DAY * 0.625, -DAY * 0.125]);
    assert.ok(range.zoomed);
    range.reset();
    assert.deepEqual(shown(range), [-DAY, 0]);
  });

  test("zooms towards now where now is shown, and to the middle elsewhere", () => {
    const range = last("hour");
    range.zoom(0.5);
    assert.deepEqual(shown(range), [-1800, 0]);
    range.show(NOW - DAY, NOW - DAY + 3600);
    range.zoom(0.5);
    assert.deepEqual(shown(range), [-DAY + 900, -DAY + 2700]);
  });

  test("is never shorter than a minute or longer than a month", () => {
    const range = last("hour");
    range.show(NOW - 500, NOW - 499);
    assert.equal(range.length, 60);
    range.zoom(1e9);
    assert.equal(range.length, UNITS_S.month);
    assert.ok(range.to <= NOW);
  });

  test("goes along with time, and keeps its length", () => {
    let now = NOW;
    const range = last("hour", () => now);
    range.zoom(0.5, NOW);
    now += 100;
    range.follow();
    assert.deepEqual(shown(range), [100 - 1800, 100]);
  });
});

describe("fingers", () => {
  const span = { from: 1000, to: 2000 };

  test("one moves the time that is under it along", () => {
    const moved = spanUnder(span, 100, [{ began: 50, now: 60 }]);
    assert.deepEqual(moved, { from: 900, to: 1900 });
  });

  test("two that part show less, around what is between them", () => {
    const fingers = [
      { began: 40, now: 30 },
      { began: 60, now: 70 },
    ];
    assert.deepEqual(spanUnder(span, 100, fingers), { from: 1250, to: 1750 });
  });

  test("that meet or pass each other do not turn time around", () => {
    const fingers = [
      { began: 40, now: 60 },
      { began: 60, now: 40 },
    ];
    const { from, to } = spanUnder(span, 100, fingers);
    assert.equal(to - from, 1000);
  });
});
