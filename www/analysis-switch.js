/** The switch that has a room measured always; for admins, others read how it is. */

import { find, say } from "./element.js";
import { askAnalysis, setAnalysis } from "./history-api.js";
import { ANALYSIS_TEXT } from "./history-text.js";
import { apiErrorText } from "./text.js";
import { showPassingTrouble } from "./trouble.js";

/** @import { AnalysisMode } from "./history-api.js" */

export class AnalysisSwitch {
  #field = find("analysis", HTMLElement);
  #input = find("analysis-always", HTMLInputElement);
  #note = find("analysis-note", HTMLElement);
  #stream = "";

  /** @param {boolean} mayChange */
  constructor(mayChange) {
    this.#input.disabled = !mayChange;
    this.#input.addEventListener("change", () => void this.#set());
  }

  /** @param {string} stream */
  async show(stream) {
    this.#stream = stream;
    try {
      const mode = await askAnalysis(stream);
      if (stream === this.#stream) this.#showMode(mode);
    } catch {
      this.#field.hidden = true; // the page itself says that nobody answers
    }
  }

  /** @param {AnalysisMode} mode */
  #showMode(mode) {
    this.#field.hidden = false;
    this.#input.checked = mode === "always";
    say(this.#note, ANALYSIS_TEXT[mode]);
  }

  async #set() {
    const stream = this.#stream;
    const mode = this.#input.checked ? "always" : "on_demand";
    try {
      await setAnalysis(stream, mode);
      if (stream === this.#stream) this.#showMode(mode);
    } catch (error) {
      this.#input.checked = !this.#input.checked;
      showPassingTrouble(apiErrorText(error));
    }
  }
}
