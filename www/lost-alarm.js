/**
 * Sounds when what should be heard is lost, and goes on until somebody says that they heard it.
 *
 * Rule 1: a short gap is no alarm; an alarm does not end by itself, not even when the sound is back.
 */

import { systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";

/** @import { Clock } from "./clock.js" */

/** With the 3 s after which packets count as lost, an alarm begins within 7 s. */
export const GRACE_MS = 3000;

/**
 * @typedef {Object} Siren
 * @property {() => void} start
 * @property {() => void} stop
 */

/** @extends {Emitter<{sounding: boolean}>} */
export class LostAlarm extends Emitter {
  #siren;
  #clock;
  #armed = false;
  #lost = false;
  #sounding = false;
  #acknowledged = false;
  #cancelGrace = () => {};

  /**
   * @param {Siren} siren
   * @param {{clock?: Clock}} [options]
   */
  constructor(siren, { clock = systemClock } = {}) {
    super();
    this.#siren = siren;
    this.#clock = clock;
  }

  get sounding() {
    return this.#sounding;
  }

  /** @param {boolean} armed whether the person wants alarms at all */
  arm(armed) {
    this.#armed = armed;
    if (!armed) this.#setSounding(false);
    this.#consider();
  }

  /** @param {boolean} lost */
  setLost(lost) {
    if (lost === this.#lost) return;
    this.#lost = lost;
    this.#acknowledged = false;
    this.#consider();
  }

  /** The person knows. The next loss sounds again. */
  acknowledge() {
    this.#acknowledged = true;
    this.#setSounding(false);
    this.#consider();
  }

  #consider() {
    this.#cancelGrace();
    if (!this.#armed || !this.#lost || this.#acknowledged || this.#sounding) return;
    this.#cancelGrace = this.#clock.after(GRACE_MS, () => this.#setSounding(true));
  }

  /** @param {boolean} sounding */
  #setSounding(sounding) {
    if (sounding === this.#sounding) return;
    this.#sounding = sounding;
    if (sounding) this.#siren.start();
    else this.#siren.stop();
    this.emit("sounding", sounding);
  }
}
