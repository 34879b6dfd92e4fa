import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ConnectionQuality, audioLevelOf, lineOf } from "../../www/connection-quality.js";

/** What a browser tells after some seconds at 50 packets a second. */
function report(second, { received = second * 50, lost = 0, jitter = 0.004, ...rest } = {}) {
  return new Map([
    ["t", { type: "transport" }],
    [
      "in",
      {
        type: "inbound-rtp",
        timestamp: 1_790_000_000_000 + second * 1000,
        packetsReceived: received,
        packetsLost: lost,
        bytesReceived: received * 80,
        jitter,
        jitterBufferDelay: second * 48_000 * 0.06,
        jitterBufferEmittedCount: second * 48_000,
        ...rest,
      },
    ],
    ["dead pair", { type: "candidate-pair" }],
    ["pair", { type: "candidate-pair", currentRoundTripTime: 0.003 }],
  ]);
}

describe("figures", () => {
  test("need two reports to compare", () => {
    const quality = new ConnectionQuality();
    assert.equal(quality.update(report(1)), null);
    assert.notEqual(quality.update(report(2)), null);
  });

  test("are those of the last seconds, in the units of their names", () => {
    const quality = new ConnectionQuality();
    quality.update(report(1));
    const figures = quality.update(report(2, { lost: 5 }));
    assert.equal(figures.loss, 5 / 55);
    assert.equal(figures.jitter_ms, 4);
    assert.equal(figures.roundTrip_ms, 3);
    assert.ok(Math.abs(figures.buffer_ms - 60) < 1e-6);
    assert.equal(figures.rate_kbps, 32);
  });

  test("count as made up what no packet had, but not what is silent anyway", () => {
    const quality = new ConnectionQuality();
    const played = (second, concealedSamples, silentConcealedSamples) =>
      quality.update(
        report(second, {
          totalSamplesReceived: second * 48_000,
          concealedSamples,
          silentConcealedSamples,
        }),
      );
    played(1, 0, 0);
    assert.equal(played(2, 9600, 4800).madeUp, 0.1);
  });

  test("forget a loss that is more than ten seconds old", () => {
    const quality = new ConnectionQuality();
    quality.update(report(1));
    assert.ok(quality.update(report(2, { lost: 20 })).loss > 0.2);
    let figures;
    for (let second = 3; second <= 13; second++) {
      figures = quality.update(report(second, { lost: 20 }));
    }
    assert.equal(figures.loss, 0);
  });

  test("are not below nothing when packets thought lost arrive late", () => {
    const quality = new ConnectionQuality();
    quality.update(report(1, { lost: 3 }));
    assert.equal(quality.update(report(2, { lost: 1 })).loss, 0);
  });

  test("begin anew with a new connection, which counts from zero", () => {
    const quality = new ConnectionQuality();
    quality.update(report(90, { lost: 400 }));
    assert.equal(quality.update(report(91, { received: 10 })), null);
  });

  test("are none while nothing is received", () => {
    assert.equal(new ConnectionQuality().update(new Map()), null);
  });

  test("leave out what a browser does not tell", () => {
    const quality = new ConnectionQuality();
    const bare = (second) =>
      new Map([
        ["in", { type: "inbound-rtp", timestamp: second * 1000, packetsReceived: second * 50 }],
      ]);
    quality.update(bare(1));
    const figures = quality.update(bare(2));
    assert.equal(figures.roundTrip_ms, null);
    assert.equal(figures.buffer_ms, null);
    assert.equal(figures.line, "good");
  });
});

describe("the delay", () => {
  const SECOND_0 = 1_790_000_000_000; // on the relay's clock; the browser's is 3 s ahead
  const AHEAD_MS = 3000;
  const NTP_MS = 2_208_988_800_000;

  /** What is told while every packet arrives 24 ms after its sound began, and a moment ago. */
  function told(quality, second, { age_ms = 24, packet_ms = 20, epoch_ms = 0, ...rest } = {}) {
    const now = SECOND_0 + second * 1000;
    const packets = Math.floor((second * 1000) / packet_ms);
    const stats = report(second, {
      received: packets - 3,
      lost: 3,
      timestamp: now + AHEAD_MS,
      lastPacketReceivedTimestamp: now + AHEAD_MS - 7,
      ...rest,
    });
    const sent = Math.floor(second / 2) * (2000 / packet_ms); // every other second
    const behind = packets - sent;
    const captured = now - 7 - age_ms - behind * packet_ms;
    stats.set("out", {
      type: "remote-outbound-rtp",
      packetsSent: sent,
      remoteTimestamp: captured + epoch_ms,
    });
    return quality.update(stats, now)?.delay_ms;
  }

  const after = (seconds, fields) => {
    const quality = new ConnectionQuality();
    let delay_ms;
    for (let second = 1; second <= seconds; second++) delay_ms = told(quality, second, fields);
    return delay_ms;
  };

  for (const fields of [{}, { packet_ms: 40 }, { packet_ms: 10 }, { epoch_ms: NTP_MS }]) {
    test(`is the way here and the wait here with ${JSON.stringify(fields)}`, () => {
      assert.ok(Math.abs(after(9, fields) - (24 + 60)) < 1e-3);
    });
  }

  test("is not thrown by a moment in which the page was busy", () => {
    const quality = new ConnectionQuality();
    for (let second = 1; second <= 9; second++) told(quality, second);
    assert.ok(Math.abs(told(quality, 10, { age_ms: 900 }) - 84) < 1e-3);
  });

  test("of another stream on the same connection is reckoned anew", () => {
    const quality = new ConnectionQuality();
    for (let second = 1; second <= 9; second++) told(quality, second);
    quality.restartDelay();
    assert.equal(told(quality, 10), null);
    assert.equal(told(quality, 11), null);
    assert.ok(Math.abs(told(quality, 12, { age_ms: 44 }) - 104) < 1e-3);
  });

  test("is unknown until the relay reported twice", () => {
    assert.equal(after(3), null);
    assert.ok(after(4) > 0);
  });

  test("is unknown if the browser does not tell, or a clock was set", () => {
    assert.equal(after(9, { lastPacketReceivedTimestamp: undefined }), null);
    assert.equal(after(9, { age_ms: 3_600_000 }), null);
    assert.equal(after(9, { age_ms: -3000 }), null);
    const quality = new ConnectionQuality();
    quality.update(report(1));
    assert.equal(quality.update(report(2)).delay_ms, null);
  });

  test("is unknown for a sender whose packets cannot be counted on", () => {
    assert.equal(after(9, { packet_ms: 31.25 }), null);
  });
});

describe("the word", () => {
  const still = { loss: 0, madeUp: 0, jitter_ms: 5, roundTrip_ms: 3, buffer_ms: 60 };
  for (const [difference, word] of [
    [{}, "good"],
    [{ loss: 0.01 }, "good"],
    [{ jitter_ms: 30 }, "good"],
    [{ loss: 0.05 }, "weak"],
    [{ madeUp: 0.05 }, "weak"],
    [{ jitter_ms: 80 }, "weak"],
    [{ buffer_ms: 500 }, "weak"],
    [{ loss: 0.2 }, "bad"],
    [{ madeUp: 0.2 }, "bad"],
    [{ jitter_ms: 200 }, "bad"],
    [{ roundTrip_ms: 1500 }, "bad"],
    [{ roundTrip_ms: null, buffer_ms: null }, "good"],
  ]) {
    test(`for ${JSON.stringify(difference)} is ${word}`, () => {
      assert.equal(lineOf({ ...still, ...difference }), word);
    });
  }
});

test("the browser's own level is found where it is told", () => {
  assert.equal(audioLevelOf(report(1, { audioLevel: 0.25 })), 0.25);
  assert.equal(audioLevelOf(report(1)), null);
});
