/** <earshot-level>: how loud it is, as a bar that people see and screen readers can ask. */

import { QUIETEST_DBFS, fullness, inWords } from "./loudness.js";

const SPOKEN_INTERVAL_MS = 1000; // a screen reader that hears ten values a second says nothing useful

export class LevelMeter extends HTMLElement {
  #spokenAt = -Infinity;
  /** How a level is told to a screen reader. @type {(level_dbfs: number) => string} */
  words = inWords;

  connectedCallback() {
    this.setAttribute("role", "meter");
    this.setAttribute("aria-valuemin", String(QUIETEST_DBFS));
    this.setAttribute("aria-valuemax", "0");
    if (!this.hasAttribute("aria-label")) this.setAttribute("aria-label", "Level");
    this.show(-100);
  }

  /**
   * @param {number} level_dbfs
   * @param {number} [peak_dbfs]
   */
  show(level_dbfs, peak_dbfs = level_dbfs) {
    this.style.setProperty("--level", fullness(level_dbfs).toFixed(3));
    this.style.setProperty("--peak", fullness(peak_dbfs).toFixed(3));
    const now = performance.now();
    if (now - this.#spokenAt < SPOKEN_INTERVAL_MS) return;
    this.#spokenAt = now;
    const shown = Math.max(QUIETEST_DBFS, Math.round(level_dbfs));
    this.setAttribute("aria-valuenow", String(shown));
    this.setAttribute("aria-valuetext", this.words(level_dbfs));
  }
}

// A dashboard may load this file under two addresses; its own name no other card has.
if (!customElements.get("earshot-level")) customElements.define("earshot-level", LevelMeter);
