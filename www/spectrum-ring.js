/** The spectra of the last minutes, in a ring of a fixed size. */

/** @import { AudioData } from "./protocol.js" */

const PER_S = 10; // as often as the relay tells them
export const BANDS = 32;

export class SpectrumRing {
  #columns;
  #bands;
  /** Which tenth of a second each column has; -1 for none. */
  #tenths;
  #newest = -1;

  /** @param {number} seconds */
  constructor(seconds) {
    this.#columns = seconds * PER_S;
    this.#bands = new Float32Array(this.#columns * BANDS);
    this.#tenths = new Float64Array(this.#columns).fill(-1);
  }

  get columns() {
    return this.#columns;
  }

  /** When the newest column was heard: seconds on the relay's clock, or null before one was. */
  get newest_s() {
    return this.#newest < 0 ? null : this.#newest / PER_S;
  }

  /** @param {Pick<AudioData, "timestamp" | "bands">} sound */
  add({ timestamp, bands }) {
    const tenth = Math.round(timestamp * PER_S);
    const place = tenth % this.#columns;
    this.#tenths[place] = tenth;
    for (let band = 0; band < BANDS; band++) {
      this.#bands[place * BANDS + band] = bands[band] ?? -100;
    }
    this.#newest = Math.max(this.#newest, tenth);
  }

  /** Another stream begins. */
  clear() {
    this.#tenths.fill(-1);
    this.#newest = -1;
  }

  /**
   * The levels of a column, low bands first.
   *
   * @param {number} ago in columns; 0 for the newest
   * @returns {Float32Array | null} null where nothing was heard
   */
  column(ago) {
    const tenth = this.#newest - ago;
    const place = tenth % this.#columns;
    if (tenth < 0 || this.#tenths[place] !== tenth) return null;
    return this.#bands.subarray(place * BANDS, (place + 1) * BANDS);
  }
}
