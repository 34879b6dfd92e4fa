/** The relay's clock, as this page reckons it from questions and answers. */

const ROUNDS = 8;

/**
 * @typedef {Object} Round
 * @property {number} offset_ms what the relay's clock shows more than ours
 * @property {number} trip_ms how long question and answer took together
 */

export class ServerClock {
  /** @type {Round[]} */
  #rounds = [];

  /**
   * Take in an answer. The relay looked at its clock somewhere on the way there and back;
   * the middle is off by half the trip at most.
   *
   * @param {number} asked_ms by our clock
   * @param {number} answered_ms by our clock
   * @param {number} time_ms by the relay's clock, since 1970
   */
  add(asked_ms, answered_ms, time_ms) {
    const round = {
      offset_ms: time_ms - (asked_ms + answered_ms) / 2,
      trip_ms: answered_ms - asked_ms,
    };
    this.#rounds = [...this.#rounds, round].slice(-ROUNDS);
  }

  /**
   * What the relay's clock shows, in milliseconds since 1970; null until it was asked.
   * Of the last rounds the quickest counts.
   *
   * @param {number} now_ms by our clock
   */
  at(now_ms) {
    if (this.#rounds.length === 0) return null;
    const best = this.#rounds.reduce((best, round) =>
      round.trip_ms < best.trip_ms ? round : best,
    );
    return now_ms + best.offset_ms;
  }
}
