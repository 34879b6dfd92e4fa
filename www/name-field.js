/** The field for the name of this device, remembered, with what is wrong about it in words. */

import { guessName } from "./device-name.js";
import { find, say } from "./element.js";
import { recall, remember } from "./memory.js";

export class NameField {
  #input = find("name", HTMLInputElement);
  #fault = find("name-fault", HTMLElement);

  /** @param {() => void} changed called when the person has chosen another name */
  constructor(changed) {
    this.#input.value = recall("name") ?? guessName(navigator.userAgent);
    this.#input.addEventListener("input", () => this.complain(null));
    this.#input.addEventListener("change", () => {
      remember("name", this.value);
      changed();
    });
  }

  get value() {
    return this.#input.value.trim().replace(/\s+/g, " ");
  }

  /** Remember it, if it can be used at all; what else is wrong with it the relay says. */
  accept() {
    if (this.value === "") {
      this.complain("Give this microphone a name, such as “Nursery” or “Kitchen tablet”.");
      return false;
    }
    remember("name", this.value);
    this.complain(null);
    return true;
  }

  /**
   * Say what is wrong with the name, and bring the person there.
   *
   * @param {string | null} text null: nothing
   */
  complain(text) {
    this.#fault.hidden = text === null;
    say(this.#fault, text ?? "");
    this.#input.setAttribute("aria-invalid", String(text !== null));
    if (text !== null) this.#input.focus();
  }
}
