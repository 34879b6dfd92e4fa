/** Says on the pages that send and hear a stream that it is recorded, with the button for it. */

import { ask } from "./api.js";
import { find, say } from "./element.js";
import { addressOf } from "./live-streams.js";
import { apiErrorText } from "./text.js";
import { showPassingTrouble } from "./trouble.js";

/** @import { StreamDetails } from "./protocol.js" */

export class RecordingField {
  #place = find("recording-field", HTMLElement);
  #sign = find("recorded", HTMLElement);
  #button = find("record", HTMLButtonElement);
  #mayStart;
  /** @type {StreamDetails | null} */
  #stream = null;

  /**
   * @param {Object} options
   * @param {boolean} options.mayStart whether this page offers to begin one, too
   */
  constructor({ mayStart }) {
    this.#mayStart = mayStart;
    this.#button.addEventListener("click", () => void this.#toggle());
  }

  /** @param {StreamDetails | null} stream what this page sends or hears */
  show(stream) {
    this.#stream = stream;
    const recorded = stream?.recorded ?? false;
    this.#place.hidden = stream === null || !(recorded || this.#mayStart);
    this.#sign.hidden = !recorded;
    say(this.#button, recorded ? "Stop recording" : "Record");
  }

  async #toggle() {
    const stream = this.#stream;
    if (!stream) return;
    this.#button.disabled = true;
    try {
      const path = `api/streams/${encodeURIComponent(addressOf(stream))}/recording`;
      await ask(stream.recorded ? "DELETE" : "POST", path);
    } catch (error) {
      showPassingTrouble(apiErrorText(error));
    } finally {
      this.#button.disabled = false;
    }
  }
}
