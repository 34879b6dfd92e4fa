/**
 * Sound between the line, which brings it unevenly, and the loudspeaker, which never waits.
 *
 * Rule 1: it begins with as much in hand as the line needs, and takes more each time it runs
 * dry, up to a quarter of a second; when all goes well for a while, it takes less again.
 * Rule 2: nobody hears old sound: what exceeds that by much is left out, oldest first.
 * Rule 3: two clocks never agree. What slowly gathers, or runs short, is put right by playing a
 * little faster or slower: by half a percent at most, which nobody hears.
 */

const START_MS = 80;
const LEAST_MS = 60;
const MOST_MS = 250;
const MORE_MS = 30;
const LESS_MS = 5;
const CALM_S = 5;
const EXCESS_MS = 120;
const SMOOTHING_S = 1;
const CORRECTION = 0.05; // of the deviation in each second
const MOST_BENT = 0.005;
const FADE_S = 0.005;

export class PlayoutBuffer {
  #rate;
  /** @type {Float32Array[]} */
  #pieces = [];
  #start = 0; // in the oldest piece, with a fraction
  #held = 0; // samples that wait
  #filling = true;
  #calm = 0;
  #level; // samples that wait on the average
  #last = 0; // the sample that was played last
  target_ms = START_MS;
  /** Samples that were asked for since the beginning. */
  played = 0;
  /** Of them, those for which there was nothing, though there had been sound. */
  madeUp = 0;
  /** Samples that were left out. */
  leftOut = 0;
  /** Sum over all samples played of the seconds that they waited. */
  waited_s = 0;

  /** @param {number} rate samples a second */
  constructor(rate) {
    this.#rate = rate;
    this.#level = this.#samples(START_MS);
  }

  get held_ms() {
    return (this.#held / this.#rate) * 1000;
  }

  /** @param {Float32Array} piece */
  push(piece) {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.held_ms <= this.target_ms + EXCESS_MS) return;
    while (this.#pieces.length > 1 && this.held_ms > this.target_ms) this.#dropOldest();
    this.#level = this.#held;
  }

  /** Another sound begins: what waits is of the one before. */
  clear() {
    this.#pieces = [];
    this.#held = this.#start = 0;
    this.#filling = true;
  }

  /**
   * Fill a block with what is due.
   *
   * @param {Float32Array} block
   */
  pull(block) {
    this.played += block.length;
    this.waited_s += (this.#held / this.#rate) * block.length;
    if (this.#filling && this.held_ms < this.target_ms) return this.#fade(block, 0);
    if (this.#filling) this.#level = this.#held;
    this.#filling = false;
    const step = this.#step(block.length);
    for (let index = 0; index < block.length; index++) {
      if (this.#held < 2) return this.#runDry(block, index);
      block[index] = this.#last = this.#sample();
      this.#advance(step);
    }
    this.#rest(block.length);
  }

  /** How far to go from sample to sample. @param {number} samples */
  #step(samples) {
    const share = Math.min(1, samples / this.#rate / SMOOTHING_S);
    this.#level += (this.#held - this.#level) * share;
    const off_s = this.#level / this.#rate - this.target_ms / 1000;
    return 1 + Math.max(-MOST_BENT, Math.min(MOST_BENT, off_s * CORRECTION));
  }

  #sample() {
    const [piece, next] = this.#pieces;
    const index = Math.floor(this.#start);
    const here = piece[index];
    const after = index + 1 < piece.length ? piece[index + 1] : (next?.[0] ?? here);
    return here + (after - here) * (this.#start - index);
  }

  /** @param {number} step */
  #advance(step) {
    this.#start += step;
    this.#held -= step;
    while (this.#pieces.length > 0 && this.#start >= this.#pieces[0].length) {
      this.#start -= this.#pieces[0].length;
      this.#pieces.shift();
    }
  }

  #dropOldest() {
    const dropped = this.#pieces[0].length - this.#start;
    this.#pieces.shift();
    this.#start = 0;
    this.#held -= dropped;
    this.leftOut += dropped;
  }

  /**
   * @param {Float32Array} block
   * @param {number} from
   */
  #runDry(block, from) {
    this.#filling = true;
    this.#calm = 0;
    this.target_ms = Math.min(MOST_MS, this.target_ms + MORE_MS);
    this.madeUp += block.length - from;
    this.#fade(block, from);
  }

  /**
   * Let the sound end softly.
   *
   * @param {Float32Array} block
   * @param {number} from
   */
  #fade(block, from) {
    const keep = 1 - 1 / (FADE_S * this.#rate);
    for (let index = from; index < block.length; index++) {
      this.#last *= keep;
      block[index] = this.#last;
    }
  }

  /** @param {number} samples that went well */
  #rest(samples) {
    this.#calm += samples;
    if (this.#calm < CALM_S * this.#rate) return;
    this.#calm = 0;
    this.target_ms = Math.max(LEAST_MS, this.target_ms - LESS_MS);
  }

  /** @param {number} ms */
  #samples(ms) {
    return (ms / 1000) * this.#rate;
  }
}
