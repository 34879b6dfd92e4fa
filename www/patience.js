/**
 * How long sound waits in this browser before it is played, so that late packets still count.
 *
 * Browsers wait for nineteen packets of twenty, which is right for a call. Whoever listens to a
 * room rather hears all of it a little later. On a good line the browser decides alone.
 */

const WINDOW = 10; // reports, one a second
const JITTERS = 4; // nearly all packets come within so many times the jitter
const MOSTLY_KEPT = 0.005; // of the packets; if more are asked for again, that takes a way there and back
const WORTH_IT_MS = 80; // with less the browser gets along
const MOST_MS = 300;
const STEP_MS = 20; // each change bends the sound a little, so small ones are not made

const GAP_MS = 2; // what is made up in a second, at most, without more patience
const LEARN_MS = 40;
const FORGET_MS = 1; // a second: what was learnt by a gap lasts for some minutes at most
const LEARN_MOST_MS = 160;

/**
 * @typedef {Object} Counts
 * @property {number} received packets
 * @property {number} asked packets asked for again
 * @property {number} concealed samples that were made up where there was sound
 * @property {number} jitter_ms
 * @property {number} trips there and back, all together, in seconds
 * @property {number} answers how many those were
 */

export class Patience {
  /** @type {Counts[]} */
  #history = [];
  #learnt_ms = 0;
  /** @type {number | null} */
  #target_ms = null;

  /**
   * Take in a report; call once a second.
   *
   * @param {RTCStatsReport} report
   * @returns {number | null} how long sound should wait at least; null: as the browser likes
   */
  update(report) {
    const now = read(report);
    if (!now) return this.#target_ms;
    const newest = this.#history.at(-1);
    this.#history = [...this.#history, now].slice(-WINDOW);
    if (!newest) return null;
    this.#learn((now.concealed - newest.concealed) / SAMPLES_PER_MS);
    this.#decide(this.#wanted(now));
    return this.#target_ms;
  }

  /** @param {number} concealed_ms since the last report */
  #learn(concealed_ms) {
    const change_ms = concealed_ms > GAP_MS ? LEARN_MS : -FORGET_MS;
    this.#learnt_ms = Math.min(Math.max(this.#learnt_ms + change_ms, 0), LEARN_MOST_MS);
  }

  /** @param {Counts} now */
  #wanted(now) {
    const [then] = this.#history;
    const jitter_ms =
      this.#history.reduce((sum, { jitter_ms }) => sum + jitter_ms, 0) / this.#history.length;
    const asked = now.asked - then.asked;
    const losing = asked > MOSTLY_KEPT * (now.received - then.received + asked);
    return JITTERS * jitter_ms + (losing ? roundTrip_ms(then, now) : 0) + this.#learnt_ms;
  }

  /** @param {number} wanted_ms */
  #decide(wanted_ms) {
    if (wanted_ms < WORTH_IT_MS) {
      if (this.#target_ms === null || wanted_ms < WORTH_IT_MS - STEP_MS) this.#target_ms = null;
      return;
    }
    const steps_ms = Math.min(Math.ceil(wanted_ms / STEP_MS) * STEP_MS, MOST_MS);
    const before_ms = this.#target_ms ?? 0;
    if (steps_ms > before_ms || steps_ms < before_ms - STEP_MS) this.#target_ms = steps_ms;
  }
}

const SAMPLES_PER_MS = 48;

/**
 * @param {Counts} then
 * @param {Counts} now
 */
function roundTrip_ms(then, now) {
  const answers = now.answers - then.answers;
  return answers > 0 ? ((now.trips - then.trips) / answers) * 1000 : 0;
}

/**
 * @param {RTCStatsReport} report
 * @returns {Counts | null}
 */
function read(report) {
  /** @type {any} */
  let inbound = null;
  /** @type {any} */
  let pair = null;
  report.forEach((entry) => {
    if (entry.type === "inbound-rtp") inbound ??= entry;
    if (entry.type === "candidate-pair" && entry.nominated) pair = entry;
  });
  return (
    inbound && {
      received: inbound.packetsReceived ?? 0,
      asked: inbound.nackCount ?? 0,
      concealed: (inbound.concealedSamples ?? 0) - (inbound.silentConcealedSamples ?? 0),
      jitter_ms: (inbound.jitter ?? 0) * 1000,
      trips: pair?.totalRoundTripTime ?? 0,
      answers: pair?.responsesReceived ?? 0,
    }
  );
}
