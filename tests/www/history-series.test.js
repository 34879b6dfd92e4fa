import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { daysOf, outlineOf } from "../../www/heat-grid.js";
import { momentAt, seriesOf, summaryOf, touches } from "../../www/history-series.js";

const CRY = { id: "e1", kind: "cry", began_at: 130, ended_at: 150, level_dbfs: -20 };

/** Three minutes, a hole, and one more. */
function answer(fields = {}) {
  return {
    stream: "nursery",
    from: 0,
    to: 600,
    step: 60,
    times: [0, 60, 120, 480],
    mean: {
      level_dbfs: [-60, -50, -40, -50],
      pitch_hz: [null, 210, null, 220],
      speech_ratio: [0, 0.5, 0.5, 0],
    },
    minimum: { level_dbfs: [-65, -55, -45, -55] },
    maximum: { level_dbfs: [-50, -30, -10, -45] },
    events: [CRY],
    ...fields,
  };
}

describe("a series", () => {
  test("has a time with nothing where nothing was measured, so that no line crosses it", () => {
    const { times, mean } = seriesOf(answer(), "level_dbfs");
    assert.deepEqual(times, [0, 60, 120, 180, 480]);
    assert.deepEqual(mean, [-60, -50, -40, null, -50]);
  });

  test("has the mean as its band where no least and most were told", () => {
    const { minimum, maximum } = seriesOf(answer(), "pitch_hz");
    assert.deepEqual(minimum, [null, 210, null, null, 220]);
    assert.deepEqual(maximum, minimum);
  });

  test("is empty for a feature that nobody knows", () => {
    assert.deepEqual(seriesOf(answer(), "colour").mean, [null, null, null, null, null]);
  });
});

describe("a moment", () => {
  test("is the step that a time lies in, with what was noticed then", () => {
    assert.deepEqual(momentAt(answer(), 170), {
      time: 120,
      step: 60,
      level_dbfs: { mean: -40, minimum: -45, maximum: -10 },
      pitch_hz: null,
      speech_ratio: 0.5,
      events: [CRY],
    });
  });

  test("is nothing before, and in a hole", () => {
    assert.equal(momentAt(answer(), -5), null);
    assert.equal(momentAt(answer(), 300), null);
    assert.equal(momentAt(answer({ times: [], mean: {} }), 0), null);
  });
});

test("an event that goes on touches every later time, and none before it", () => {
  assert.ok(touches({ ...CRY, ended_at: null }, { from: 10_000, to: 10_001 }));
  assert.ok(!touches({ ...CRY, ended_at: null }, { from: 0, to: 130 }));
  assert.ok(!touches(CRY, { from: 151, to: 200 }));
});

test("a summary says how loud it was, and when it was loudest", () => {
  assert.deepEqual(summaryOf(answer()), {
    mean_dbfs: -50,
    loudest_dbfs: -10,
    loudest_at: 120,
    speech_ratio: 0.25,
  });
  assert.equal(summaryOf(answer({ times: [], mean: { level_dbfs: [] }, maximum: {} })), null);
});

describe("days by hours", () => {
  const noon = new Date(2026, 10, 20, 12).getTime() / 1000;
  const found = answer({
    times: [noon - 86_400, noon, noon + 1800],
    mean: { level_dbfs: [-60, -40, -50] },
    to: noon + 3600,
  });

  test("are as the clock on the wall had them, today last", () => {
    const days = daysOf(found, "level_dbfs", 3);
    assert.deepEqual(
      days.map(({ date }) => date.getDate()),
      [18, 19, 20],
    );
    assert.equal(days[1].hours[12], -60);
    assert.equal(days[2].hours[12], -45);
    assert.equal(days[2].hours[13], null);
  });

  test("leave out what is older, and say in short how a day was", () => {
    const [today] = daysOf(found, "level_dbfs", 1);
    assert.deepEqual(outlineOf(today), { mean: -45, top: -45, topHour: 12 });
    assert.equal(outlineOf(daysOf(found, "level_dbfs", 3)[0]), null);
  });
});
