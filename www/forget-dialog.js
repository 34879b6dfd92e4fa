/** Asks before a part of the history is gone for good. */

import { find, say } from "./element.js";
import { forget } from "./history-api.js";
import { FORGOTTEN, forgetText } from "./history-text.js";
import { apiErrorText } from "./text.js";
import { showPassingTrouble } from "./trouble.js";

/** @import { Span } from "./history-range.js" */

export class ForgetDialog {
  #dialog = find("forget-dialog", HTMLDialogElement);
  #done;
  /** @type {{stream: string, span: Span} | null} */
  #asked = null;

  /** @param {() => void} done called when something is gone */
  constructor(done) {
    this.#done = done;
    find("forget-no", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    find("forget-yes", HTMLButtonElement).addEventListener("click", () => void this.#forget());
  }

  /**
   * @param {string} stream
   * @param {string} title
   * @param {Span} span
   */
  ask(stream, title, span) {
    this.#asked = { stream, span };
    say(find("forget-text", HTMLElement), forgetText(title, span));
    this.#dialog.showModal();
  }

  async #forget() {
    this.#dialog.close();
    if (!this.#asked) return;
    const { stream, span } = this.#asked;
    this.#asked = null;
    try {
      await forget(stream, span);
      showPassingTrouble(FORGOTTEN);
    } catch (error) {
      showPassingTrouble(apiErrorText(error));
    }
    this.#done();
  }
}
