/** The big button and the headline above it. */

import { find, say } from "./element.js";
import { setScene } from "./scene.js";

/** @import { AirText } from "./scene.js" */
/** @import { TalkState } from "./push-to-talk.js" */

export class TalkView {
  button = find("talk", HTMLButtonElement);
  #icon = find("talk-icon", HTMLElement);
  #label = find("talk-label", HTMLElement);
  #headline = find("headline", HTMLElement);
  #subline = find("subline", HTMLElement);
  #rest;

  /**
   * @param {Object} rest what the page says while nothing is sent
   * @param {string} rest.headline
   * @param {(name: string) => string} rest.subline
   * @param {string} rest.label
   * @param {string} rest.title
   */
  constructor(rest) {
    this.#rest = rest;
  }

  /**
   * @param {AirText} air
   * @param {TalkState} talk
   * @param {string} name
   */
  show(air, talk, name) {
    say(this.#headline, air.headline || this.#rest.headline);
    say(this.#subline, air.subline || this.#rest.subline(name));
    say(this.#label, air.label || this.#rest.label);
    setScene(air.scene, air.mark ? `${air.mark} ${name}` : this.#rest.title);
    this.button.dataset.air = air.air;
    this.button.dataset.held = String(talk === "held" || talk === "leaving");
    this.#icon.className = `icon icon-${air.air === "muted" ? "mic-off" : "mic"}`;
  }

  /** @param {number} fullness 0 to 1 */
  pulse(fullness) {
    this.button.style.setProperty("--level", fullness.toFixed(3));
  }
}
