/** How well the packets arrive, from getStats(), in figures and in a word. */

import { PacketAge } from "./packet-age.js";

/** @import { Line } from "./signal-bars.js" */

/**
 * @typedef {Object} Quality
 * @property {Line} line
 * @property {number} loss 0 to 1, over the last seconds
 * @property {number} jitter_ms
 * @property {number | null} roundTrip_ms
 * @property {number} madeUp 0 to 1, of what was played over the last seconds: nothing came in time
 * @property {number | null} buffer_ms how long sound waits in this browser to be played evenly
 * @property {number} rate_kbps
 * @property {number | null} delay_ms from the moment a sound is captured until it is played
 */

/**
 * @typedef {Object} Counters
 * @property {number} at_ms
 * @property {number} received packets
 * @property {number} lost packets
 * @property {number} bytes
 * @property {number} bufferDelay_s sum over all samples played
 * @property {number} bufferCount samples played
 * @property {number} samples played, made up or not
 * @property {number} madeUp samples that no packet had, the silent ones left out
 */

const WINDOW = 10; // reports, one a second
const ENDLESS_MS = 60_000; // more is no delay, but a clock that was set

export class ConnectionQuality {
  /** @type {Counters[]} */
  #history = [];
  #age = new PacketAge();
  /** @type {number[]} */
  #ages_ms = [];

  /** Another stream is heard over the same connection: its sound has another way behind it. */
  restartDelay() {
    this.#age = new PacketAge();
    this.#ages_ms = [];
  }

  /** A new connection counts from zero. */
  reset() {
    this.#history = [];
    this.restartDelay();
  }

  /**
   * Take in a report; call once a second.
   *
   * @param {RTCStatsReport} report
   * @param {number | null} [serverNow_ms] what the relay's clock shows, since 1970
   * @returns {Quality | null} null until there are two reports to compare
   */
  update(report, serverNow_ms = null) {
    const inbound = entryOf(report, (entry) => entry.type === "inbound-rtp");
    if (!inbound) return null;
    const now = countersOf(inbound);
    const newest = this.#history.at(-1);
    if (newest && now.received < newest.received) this.reset();
    this.#history = [...this.#history.slice(-WINDOW), now];
    const then = this.#history[0];
    const remote = entryOf(report, (entry) => entry.type === "remote-outbound-rtp");
    const age_ms = this.#age.update(inbound, remote, serverNow_ms);
    if (age_ms !== null) this.#ages_ms = [...this.#ages_ms, age_ms].slice(-WINDOW);
    if (then === now) return null;
    const figures = compare(then, now, (inbound.jitter ?? 0) * 1000, roundTripOf(report));
    return { ...figures, line: lineOf(figures), delay_ms: this.#delay(figures.buffer_ms) };
  }

  /**
   * What a sound needed to get here, and what it waits here. Of the last ages the middle
   * counts: single ones are off by what the page was busy.
   *
   * @param {number | null} buffer_ms
   */
  #delay(buffer_ms) {
    if (this.#ages_ms.length === 0 || buffer_ms === null) return null;
    const delay_ms = median(this.#ages_ms) + buffer_ms;
    return delay_ms > 0 && delay_ms < ENDLESS_MS ? delay_ms : null;
  }
}

/**
 * The relay judges by the same measure, as far as it is told.
 *
 * @param {Omit<Quality, "line" | "delay_ms" | "rate_kbps">} figures
 * @returns {Line}
 */
export function lineOf({ loss, madeUp, jitter_ms, roundTrip_ms, buffer_ms }) {
  const delay_ms = Math.max(roundTrip_ms ?? 0, buffer_ms ?? 0);
  if (loss > 0.1 || madeUp > 0.1 || jitter_ms > 120 || delay_ms > 1000) return "bad";
  if (loss > 0.02 || madeUp > 0.02 || jitter_ms > 50 || delay_ms > 400) return "weak";
  return "good";
}

/**
 * @param {Counters} then
 * @param {Counters} now
 * @param {number} jitter_ms
 * @param {number | null} roundTrip_ms
 */
function compare(then, now, jitter_ms, roundTrip_ms) {
  const received = now.received - then.received;
  const lost = Math.max(0, now.lost - then.lost); // late packets make the count fall
  const samples = now.samples - then.samples;
  const played = now.bufferCount - then.bufferCount;
  const time_ms = now.at_ms - then.at_ms;
  return {
    loss: received + lost > 0 ? lost / (received + lost) : 0,
    madeUp: samples > 0 ? Math.max(0, now.madeUp - then.madeUp) / samples : 0,
    jitter_ms,
    roundTrip_ms,
    buffer_ms: played > 0 ? ((now.bufferDelay_s - then.bufferDelay_s) / played) * 1000 : null,
    rate_kbps: time_ms > 0 ? ((now.bytes - then.bytes) * 8) / time_ms : 0,
  };
}

/** @param {number[]} values at least one */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/**
 * @param {any} inbound
 * @returns {Counters}
 */
function countersOf(inbound) {
  return {
    at_ms: inbound.timestamp,
    received: inbound.packetsReceived ?? 0,
    lost: inbound.packetsLost ?? 0,
    bytes: inbound.bytesReceived ?? 0,
    bufferDelay_s: inbound.jitterBufferDelay ?? 0,
    bufferCount: inbound.jitterBufferEmittedCount ?? 0,
    samples: inbound.totalSamplesReceived ?? 0,
    madeUp: (inbound.concealedSamples ?? 0) - (inbound.silentConcealedSamples ?? 0),
  };
}

/**
 * @param {RTCStatsReport} report
 * @returns {number | null}
 */
function roundTripOf(report) {
  const pair = entryOf(
    report,
    (entry) => entry.type === "candidate-pair" && entry.currentRoundTripTime !== undefined,
  );
  return pair ? pair.currentRoundTripTime * 1000 : null;
}

/**
 * The loudness of what is received, 0 to 1, as the browser measures it; null where it does not.
 *
 * @param {RTCStatsReport} report
 * @returns {number | null}
 */
export function audioLevelOf(report) {
  return entryOf(report, (entry) => entry.type === "inbound-rtp")?.audioLevel ?? null;
}

/**
 * @param {RTCStatsReport} report
 * @param {(entry: any) => boolean} fits
 * @returns {any}
 */
function entryOf(report, fits) {
  let found;
  report.forEach((entry) => {
    if (fits(entry)) found ??= entry;
  });
  return found;
}
