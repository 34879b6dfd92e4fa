/** Letting a player in: its name, what it plays, and its address, which is shown once. */

import { ask } from "./api.js";
import { element, find } from "./element.js";
import { SecretView } from "./secret-view.js";

export class PlayerForm {
  #form = find("player-form", HTMLFormElement);
  #name = find("player-name", HTMLInputElement);
  #stream = find("player-stream", HTMLSelectElement);
  #made = new SecretView("made", "whoever has it hears what is on the air");
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
    this.#made.show(made.url);
  }
}
