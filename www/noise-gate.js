/**
 * Lets through what is louder than a threshold, and makes silence of the rest.
 *
 * It knows a little of what comes, because what goes out is a little late: a word passes with its
 * first sound, which is quieter than the rest.
 */

const LOOK_AHEAD_S = 0.08;
const ENVELOPE_S = 0.005;
const ATTACK_S = 0.005;
const HOLD_S = 0.6; // pauses between words are shorter
const RELEASE_S = 0.15;
const HYSTERESIS_DB = 6; // what is as loud as the threshold would open and close all the time

export class NoiseGate {
  #line;
  #place = 0;
  #power = 0;
  #gain = 0;
  #hold = 0;
  #opens = 0;
  #closes = 0;
  #smoothing;
  #attack;
  #release;
  #holdSamples;

  /** @param {number} rate samples per second */
  constructor(rate) {
    this.#line = new Float32Array(Math.round(LOOK_AHEAD_S * rate));
    this.#smoothing = 1 - Math.exp(-1 / (ENVELOPE_S * rate));
    this.#attack = 1 / (ATTACK_S * rate);
    this.#release = 1 / (RELEASE_S * rate);
    this.#holdSamples = Math.round((HOLD_S + LOOK_AHEAD_S) * rate);
    this.threshold_dbfs = -45;
  }

  /** Whether anything is let through; its last sound and the time after it count. */
  get open() {
    return this.#hold > 0 || this.#gain > 0;
  }

  /** What has to be exceeded, as RMS; 0 for full scale. */
  set threshold_dbfs(/** @type {number} */ level) {
    this.#opens = 10 ** (level / 10);
    this.#closes = 10 ** ((level - HYSTERESIS_DB) / 10);
  }

  /**
   * @param {Float32Array} input
   * @param {Float32Array} output as long as the input
   */
  process(input, output) {
    for (let index = 0; index < input.length; index++) {
      const sample = input[index];
      this.#judge(sample);
      const late = this.#line[this.#place];
      this.#line[this.#place] = sample;
      this.#place = (this.#place + 1) % this.#line.length;
      output[index] = late * this.#gain;
    }
  }

  /** @param {number} sample */
  #judge(sample) {
    this.#power += (sample * sample - this.#power) * this.#smoothing;
    const stays = this.#hold > 0 && this.#power >= this.#closes;
    if (this.#power >= this.#opens || stays) this.#hold = this.#holdSamples;
    else if (this.#hold > 0) this.#hold -= 1;
    this.#gain =
      this.#hold > 0
        ? Math.min(1, this.#gain + this.#attack)
        : Math.max(0, this.#gain - this.#release);
  }
}
