/**
 * A button that talks while it is held, and latches when it is tapped: pointer, keyboard,
 * and the plain click of screen readers and switches.
 *
 *   off     -- press --> held                talking begins at once
 *   held    -- release within 300 ms --> latched
 *   held    -- release later --> off
 *   latched -- press --> leaving -- release --> off
 */

import { systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";

/** @import { Clock } from "./clock.js" */

/** A touch that is shorter is a tap: fingers rest for 80 to 200 ms. */
export const TAP_MS = 300;

/** @typedef {"off" | "held" | "latched" | "leaving"} TalkState */

/** @extends {Emitter<{state: TalkState}>} */
export class PushToTalk extends Emitter {
  #clock;
  #latches;
  /** @type {TalkState} */
  #state = "off";
  #pressedAt = 0;
  /** What presses: a pointer's id or a key; one at a time. @type {number | string | null} */
  #pressedBy = null;

  /**
   * @param {Object} [options]
   * @param {Clock} [options.clock]
   * @param {boolean} [options.latches] whether a tap goes on talking
   */
  constructor({ clock = systemClock, latches = true } = {}) {
    super();
    this.#clock = clock;
    this.#latches = latches;
  }

  get state() {
    return this.#state;
  }

  /** Whether the person wants to be heard now. */
  get talking() {
    return this.#state !== "off";
  }

  /**
   * @param {number | string} by
   * @param {number} [at] when that was, which may be a while ago on a busy device
   */
  press(by, at = this.#clock.now()) {
    if (this.#pressedBy !== null) return;
    this.#pressedBy = by;
    this.#pressedAt = at;
    this.#setState(this.#state === "latched" ? "leaving" : "held");
  }

  /**
   * @param {number | string} by
   * @param {boolean} [wanted] false when the system took the press away: then it never latches
   * @param {number} [at] as above
   */
  release(by, wanted = true, at = this.#clock.now()) {
    if (this.#pressedBy !== by) return;
    this.#pressedBy = null;
    const tapped = wanted && this.#latches && at - this.#pressedAt < TAP_MS;
    this.#setState(this.#state === "held" && tapped ? "latched" : "off");
  }

  /** A click that no press came before. */
  toggle() {
    if (this.#pressedBy === null) this.#setState(this.talking ? "off" : "latched");
  }

  /** Let go of everything. */
  reset() {
    this.#pressedBy = null;
    this.#setState("off");
  }

  /** Whoever holds when the page loses the person's attention lets go; what is latched stays. */
  loseHold() {
    if (this.#pressedBy !== null) this.release(this.#pressedBy, false);
  }

  /** @param {TalkState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.emit("state", state);
  }
}

/**
 * Have a button press it.
 *
 * @param {PushToTalk} talk
 * @param {HTMLButtonElement} button
 * @param {AbortSignal} [signal] ends it
 */
export function bindButton(talk, button, signal) {
  let clickFollows = false;
  const keys = new Set([" ", "Enter"]);
  /** @type {<Type extends keyof HTMLElementEventMap>(type: Type, act: (event: HTMLElementEventMap[Type]) => void) => void} */
  const on = (type, act) => button.addEventListener(type, act, { signal });
  on("pointerdown", (event) => {
    if (event.button !== 0 || button.disabled) return;
    clickFollows = true;
    button.setPointerCapture(event.pointerId);
    talk.press(event.pointerId, event.timeStamp);
  });
  on("pointerup", (event) => talk.release(event.pointerId, true, event.timeStamp));
  on("pointercancel", (event) => talk.release(event.pointerId, false));
  on("lostpointercapture", (event) => talk.release(event.pointerId, false));
  on("keydown", (event) => {
    if (!keys.has(event.key)) return;
    event.preventDefault(); // else the browser makes a click of it
    if (!event.repeat) talk.press(event.key, event.timeStamp);
  });
  on("keyup", (event) => {
    if (!keys.has(event.key)) return;
    event.preventDefault();
    talk.release(event.key, true, event.timeStamp);
  });
  on("click", () => {
    if (!clickFollows) talk.toggle();
    clickFollows = false;
  });
  on("contextmenu", (event) => event.preventDefault());
  on("blur", () => talk.loseHold());
  addEventListener("blur", () => talk.loseHold(), { signal });
  document.addEventListener("visibilitychange", () => talk.loseHold(), { signal });
}
