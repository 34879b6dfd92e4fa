import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Patience } from "../../www/patience.js";

let patience, inbound, trips, roundTrip_ms;

beforeEach(() => {
  patience = new Patience();
  inbound = { packetsReceived: 0, nackCount: 0, concealedSamples: 0, silentConcealedSamples: 0 };
  trips = { totalRoundTripTime: 0, responsesReceived: 0 };
  roundTrip_ms = 4;
});

/** Seconds pass on a line like that; returns what is decided at their end. */
function seconds(count, { jitter_ms = 3, asked = 0, concealed_ms = 0, silent_ms = 0 } = {}) {
  let target_ms;
  for (let second = 0; second < count; second++) {
    inbound.packetsReceived += 50;
    trips.totalRoundTripTime += roundTrip_ms / 1000;
    trips.responsesReceived += 1;
    inbound.nackCount += asked;
    inbound.concealedSamples += 48 * (concealed_ms + silent_ms);
    inbound.silentConcealedSamples += 48 * silent_ms;
    target_ms = patience.update(
      new Map([
        ["in", { type: "inbound-rtp", jitter: jitter_ms / 1000, ...inbound }],
        ["pair", { type: "candidate-pair", nominated: true, ...trips }],
      ]),
    );
  }
  return target_ms;
}

describe("a good line", () => {
  test("is left to the browser", () => {
    assert.equal(seconds(60), null);
  });

  test("is left to the browser when a packet is lost now and then", () => {
    assert.equal(seconds(20), null);
    assert.equal(seconds(1, { asked: 1, concealed_ms: 20 }), null);
    assert.equal(seconds(60), null);
  });

  test("that loses packets without a gap is left to the browser", () => {
    assert.equal(seconds(60, { asked: 3 }), null);
  });

  test("whose silence is made up is left to the browser", () => {
    assert.equal(seconds(60, { silent_ms: 500 }), null);
  });
});

describe("a line with jitter", () => {
  test("is waited for several times the jitter", () => {
    assert.equal(seconds(20, { jitter_ms: 35 }), 140);
  });

  test("that loses packets as well is waited for until they can have come again", () => {
    roundTrip_ms = 70;
    assert.equal(seconds(20, { jitter_ms: 35, asked: 2 }), 220);
  });

  test("is not waited for without end", () => {
    assert.equal(seconds(20, { jitter_ms: 200 }), 300);
  });

  test("that got better is left to the browser again", () => {
    seconds(20, { jitter_ms: 35 });
    assert.equal(seconds(20), null);
  });

  test("that changes a little changes nothing", () => {
    seconds(20, { jitter_ms: 35 });
    assert.equal(seconds(10, { jitter_ms: 34 }), 140);
    assert.equal(seconds(10, { jitter_ms: 31 }), 140);
  });
});

describe("a line with gaps", () => {
  test("is waited for longer with every second that has one", () => {
    seconds(1);
    const first = seconds(3, { concealed_ms: 20 });
    const then = seconds(1, { concealed_ms: 20 });
    assert.ok(first >= 100);
    assert.ok(then > first);
    assert.ok(seconds(60, { concealed_ms: 20 }) <= 300);
  });

  test("is forgiven after some minutes without", () => {
    seconds(10, { concealed_ms: 20 });
    assert.equal(seconds(300), null);
  });
});

test("a report without sound changes nothing", () => {
  assert.equal(patience.update(new Map()), null);
  seconds(20, { jitter_ms: 35 });
  assert.equal(patience.update(new Map()), 140);
});
