/** Letting a player in: its name, what it plays, and its address, which is shown once. */

import { ask } from "./api.js";
import { copyTextOf } from "./clipboard.js";
import { element, find, say } from "./element.js";

const COPIED_MS = 2500;

export class PlayerForm {
  #form = find("player-form", HTMLFormElement);
  #name = find("player-name", HTMLInputElement);
  #stream = find("player-stream", HTMLSelectElement);
  #address = find("address", HTMLElement);
  #add;

  /**
   * @param {(name: string, stream: string) => Promise<{ url: string } | null>} add
   */
  constructor(add) {
    this.#add = add;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    find("copy", HTMLButtonElement).addEventListener("click", () => void this.#copy());
    void this.#offerStreams();
  }

  async #offerStreams() {
    try {
      const { streams } = await ask("GET", "api/streams");
      for (const { name, slug } of streams) {
        if (slug) this.#stream.append(element("option", { value: slug }, name));
      }
    } catch {
      // Whatever is newest can always be chosen.
    }
  }

  async #submit() {
    const made = await this.#add(this.#name.value, this.#stream.value);
    if (made === null) return;
    this.#name.value = "";
    find("made", HTMLElement).hidden = false;
    say(this.#address, made.url);
  }

  async #copy() {
    const label = find("copy-label", HTMLElement);
    say(label, (await copyTextOf(this.#address)) ? "Copied" : "Selected");
    setTimeout(() => say(label, "Copy"), COPIED_MS);
  }
}
