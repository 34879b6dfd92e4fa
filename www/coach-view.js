/** The coach's line under the meter, and the switch that silences it. */

import { Coach } from "./coach.js";
import { element, find, icon, say } from "./element.js";
import { recall, remember } from "./memory.js";
import { COACH_TEXT } from "./send-text.js";

/** @import { Advice } from "./coach.js" */

export class CoachView {
  #coach = new Coach();
  #line = find("coach", HTMLElement);
  #wanted = find("coach-wanted", HTMLInputElement);
  #words = element("span");
  #sign = icon("check");
  /** @type {Advice | null} */
  #shown = null;

  constructor() {
    this.#line.replaceChildren(this.#sign, this.#words);
    this.#wanted.checked = recall("coach") !== "off";
    this.#wanted.addEventListener("change", () => {
      remember("coach", this.#wanted.checked ? "on" : "off");
      this.rest();
    });
  }

  /**
   * @param {number} level_dbfs of what the microphone hears
   * @param {number} peak_dbfs
   */
  hear(level_dbfs, peak_dbfs) {
    if (this.#wanted.checked) this.#show(this.#coach.hear(level_dbfs, peak_dbfs, performance.now()));
  }

  /** Nobody speaks into it for now. Idempotent. */
  rest() {
    this.#coach.reset();
    this.#show(null);
  }

  /** @param {Advice | null} advice */
  #show(advice) {
    if (advice === this.#shown) return;
    this.#shown = advice;
    this.#line.dataset.advice = advice ?? "";
    this.#sign.className = `icon icon-${advice === "fine" ? "check" : "mic"}`;
    say(this.#words, advice === null ? "" : COACH_TEXT[advice]);
  }
}
