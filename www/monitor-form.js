/** Letting a program in that reads numbers: its name, and its key, which is shown once. */

import { find } from "./element.js";
import { SecretView } from "./secret-view.js";

export class MonitorForm {
  #name = find("monitor-name", HTMLInputElement);
  #made = new SecretView("made-key", "whoever has it reads how busy this server is");

  /** @param {(name: string) => Promise<{ key: string } | null>} add */
  constructor(add) {
    find("monitor-form", HTMLFormElement).addEventListener("submit", async (event) => {
      event.preventDefault();
      const made = await add(this.#name.value);
      if (made === null) return;
      this.#name.value = "";
      this.#made.show(made.key);
    });
  }
}
