/** How well a stream is heard by those who hear it: bars to be counted, and words for what is wrong. */

import { element, say } from "./element.js";
import { SignalBars } from "./signal-bars.js";
import { reachText } from "./text.js";

/** @import { Hearing } from "./protocol.js" */
/** @import { Line } from "./signal-bars.js" */

/** @type {Line[]} */
const LINES = ["good", "weak", "bad"];

export class ReachView {
  #wrong = element("span");
  #fine = element("span", { class: "visually-hidden" }); // of that the bars say enough
  /** @type {Map<Line, {group: HTMLElement, bars: SignalBars, count: HTMLElement}>} */
  #groups = new Map();

  /** @param {HTMLElement} place an empty paragraph */
  constructor(place) {
    this.element = place;
    place.classList.add("reach");
    for (const line of LINES) {
      const bars = new SignalBars();
      const count = element("b");
      const group = element("span", { class: "reach-group", "aria-hidden": "true" }, bars, count);
      this.#groups.set(line, { group, bars, count });
      place.append(group);
    }
    place.append(this.#wrong, this.#fine);
    this.show(null);
  }

  /** @param {Hearing | null} hearing null: there is no stream */
  show(hearing) {
    const reported = hearing ? hearing.good + hearing.weak + hearing.bad : 0;
    this.element.hidden = reported === 0;
    if (!hearing) return;
    for (const [line, { group, bars, count }] of this.#groups) {
      group.hidden = hearing[line] === 0;
      bars.show(line, reachText({ ...NOBODY, [line]: hearing[line] }));
      say(count, String(hearing[line]));
    }
    say(this.#wrong, reachText({ ...hearing, good: 0 }));
    say(this.#fine, reachText({ ...NOBODY, good: hearing.good }));
  }
}

const NOBODY = { good: 0, weak: 0, bad: 0, worst_loss_percent: 0 };
