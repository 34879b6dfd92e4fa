/** The buttons of the listen page that go back in time, and to what is live. */

import { ask } from "./api.js";
import { find, say } from "./element.js";
import { PastPlayer } from "./past-player.js";
import { behindText } from "./text.js";

export class LookBack {
  #past = new PastPlayer(find("past", HTMLAudioElement));
  #place = find("look-back", HTMLElement);
  #position = find("position", HTMLElement);
  #live = find("go-live", HTMLButtonElement);
  #changed;
  /** @type {string | null} */
  #address = null;
  #seconds = 0;

  /**
   * @param {(past: boolean) => void} changed told when the past is heard, and when it is not any more
   */
  constructor(changed) {
    this.#changed = changed;
    for (const button of this.#place.querySelectorAll("button[data-back]")) {
      const step_s = Number(/** @type {HTMLElement} */ (button).dataset.back);
      button.addEventListener("click", () => this.#goBack(step_s));
    }
    this.#live.addEventListener("click", () => this.stop());
    this.#past.on("position", (behind_s) => {
      this.#show(behind_s);
      if (behind_s === null) this.#changed(false);
    });
    this.#show(null);
  }

  /** Whether the past is heard. */
  get active() {
    return this.#past.address !== null;
  }

  /**
   * Offer what can be heard again; another stream than before ends its past.
   *
   * @param {string | null} address
   * @param {number} seconds how far back one may go; 0: nothing is kept
   */
  offer(address, seconds) {
    const another = address !== this.#address;
    this.#address = address;
    if (another) this.stop();
    this.#seconds = seconds;
    this.#place.hidden = !this.active && (address === null || seconds === 0);
  }

  /** Go to what is live. Idempotent. */
  stop() {
    this.#past.stop();
  }

  /** @param {number} volume */
  setVolume(volume) {
    return this.#past.setVolume(volume);
  }

  /** @param {number} step_s */
  #goBack(step_s) {
    const address = this.#address;
    if (address === null) return;
    const behind_s = this.active ? this.#past.behind_s : 0;
    this.#past.play(address, Math.min(behind_s + step_s, this.#seconds));
    this.#changed(true);
    ask("GET", `api/streams/${encodeURIComponent(address)}/lookback`)
      .then(({ kept_s }) => this.#past.limit(kept_s))
      .catch(() => {}); // then the position is a little off
  }

  /** @param {number | null} behind_s */
  #show(behind_s) {
    this.#live.disabled = behind_s === null;
    say(this.#position, behind_s === null ? "" : behindText(behind_s));
  }
}
