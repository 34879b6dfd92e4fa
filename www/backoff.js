/** How long to wait before the next try: doubling, capped, and never in step with others. */

export class Backoff {
  #first_ms;
  #longest_ms;
  #random;
  #tries = 0;

  /**
   * @param {Object} [options]
   * @param {number} [options.first_ms]
   * @param {number} [options.longest_ms]
   * @param {() => number} [options.random] 0 up to 1
   */
  constructor({ first_ms = 400, longest_ms = 8000, random = Math.random } = {}) {
    this.#first_ms = first_ms;
    this.#longest_ms = longest_ms;
    this.#random = random;
  }

  /** How many tries there were since the last success. */
  get tries() {
    return this.#tries;
  }

  /**
   * Return the delay before the next try.
   *
   * Between half and all of the doubled delay: after a restart of the server all pages of
   * the house come back, but not in the same moment.
   */
  next_ms() {
    const delay_ms = Math.min(this.#first_ms * 2 ** this.#tries, this.#longest_ms);
    this.#tries += 1;
    return delay_ms * (0.5 + this.#random() / 2);
  }

  /** Begin anew after a success. */
  reset() {
    this.#tries = 0;
  }
}
