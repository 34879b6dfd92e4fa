/** Fingers on a picture of time: one moves it, two zoom, a double tap goes back to the whole. */

import { spanUnder } from "./history-range.js";

/** @import { Span } from "./history-range.js" */

const TAP_MS = 300;
const TAP_PX = 12;

export class TouchSpan {
  #place;
  #hooks;
  /** Where each finger came down and is now. @type {Map<number, {began: number, now: number}>} */
  #fingers = new Map();
  /** @type {Span | null} what was shown when the last finger came */
  #span = null;
  #tappedAt = -Infinity;
  #cameAt = 0;

  /**
   * @param {HTMLElement} place it must leave sideways touches alone: touch-action: pan-y
   * @param {Object} hooks
   * @param {() => Span} hooks.span what is shown now
   * @param {() => {left: number, width: number}} hooks.box where on the screen
   * @param {(span: Span) => void} hooks.moving while fingers move
   * @param {(span: Span) => void} hooks.moved when they left
   * @param {() => void} hooks.reset
   */
  constructor(place, hooks) {
    this.#place = place;
    this.#hooks = hooks;
    place.addEventListener("pointerdown", (event) => this.#came(event));
    place.addEventListener("pointermove", (event) => this.#went(event));
    place.addEventListener("pointerup", (event) => this.#left(event));
    place.addEventListener("pointercancel", (event) => this.#cancelled(event));
  }

  /** @param {PointerEvent} event */
  #came(event) {
    if (event.pointerType !== "touch" || this.#fingers.size === 2) return;
    if (this.#fingers.size === 0) this.#cameAt = event.timeStamp;
    this.#place.setPointerCapture(event.pointerId);
    this.#begin(event.pointerId, event.clientX - this.#hooks.box().left);
  }

  /**
   * Another finger came or left: what is shown now is where the rest of the movement begins.
   *
   * @param {number} [id]
   * @param {number} [x]
   */
  #begin(id, x = 0) {
    for (const finger of this.#fingers.values()) finger.began = finger.now;
    if (id !== undefined) this.#fingers.set(id, { began: x, now: x });
    this.#span = this.#fingers.size ? this.#hooks.span() : null;
  }

  /** @param {PointerEvent} event */
  #went(event) {
    const finger = this.#fingers.get(event.pointerId);
    if (!finger || !this.#span) return;
    const { left, width } = this.#hooks.box();
    finger.now = event.clientX - left;
    this.#hooks.moving(spanUnder(this.#span, width, [...this.#fingers.values()]));
  }

  /** @param {PointerEvent} event */
  #left(event) {
    const finger = this.#fingers.get(event.pointerId);
    if (!finger) return;
    const still = Math.abs(finger.now - finger.began) < TAP_PX;
    this.#fingers.delete(event.pointerId);
    this.#begin();
    if (this.#fingers.size) return;
    if (still && event.timeStamp - this.#cameAt < TAP_MS) return this.#tapped(event.timeStamp);
    this.#hooks.moved(this.#hooks.span());
  }

  /** @param {number} now */
  #tapped(now) {
    const twice = now - this.#tappedAt < TAP_MS;
    this.#tappedAt = twice ? -Infinity : now;
    if (twice) this.#hooks.reset();
    else this.#hooks.moved(this.#hooks.span());
  }

  /** The browser took it for scrolling. @param {PointerEvent} event */
  #cancelled(event) {
    if (!this.#fingers.delete(event.pointerId)) return;
    this.#begin();
    if (this.#fingers.size === 0) this.#hooks.moved(this.#hooks.span());
  }
}
