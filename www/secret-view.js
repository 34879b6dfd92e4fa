/** What is shown once and never again: an address with a key, or a key. */

import { copyTextOf } from "./clipboard.js";
import { element, find, icon, say } from "./element.js";

const COPIED_MS = 2500;

export class SecretView {
  #box;
  #secret = element("code");
  #label = element("span", {}, "Copy");

  /**
   * @param {string} id of the box in the page
   * @param {string} whoHasIt what whoever has it may do
   */
  constructor(id, whoHasIt) {
    this.#box = find(id, HTMLElement);
    const copy = element("button", { type: "button", class: "button" }, icon("copy"), this.#label);
    copy.addEventListener("click", () => void this.#copy());
    const now = element("strong", {}, "Copy it now.");
    const warning = element("p", {}, now, ` It is shown this once; ${whoHasIt}.`);
    this.#box.append(warning, this.#secret, copy);
  }

  /** @param {string} secret */
  show(secret) {
    say(this.#secret, secret);
    this.#box.hidden = false;
  }

  async #copy() {
    say(this.#label, (await copyTextOf(this.#secret)) ? "Copied" : "Selected");
    setTimeout(() => say(this.#label, "Copy"), COPIED_MS);
  }
}
