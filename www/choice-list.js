/** Radio buttons for what can be heard, of which the one that has the focus survives every change. */

import { element, say } from "./element.js";

/**
 * @typedef {Object} Choice
 * @property {string} address
 * @property {string} title
 * @property {string} state in a few words; empty for none
 */

export class ChoiceList {
  #place;

  /**
   * @param {HTMLElement} place an empty element
   * @param {(address: string) => void} picked called when a person chooses
   */
  constructor(place, picked) {
    this.#place = place;
    place.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement) picked(target.value);
    });
  }

  /**
   * Change what differs and keep the rest.
   *
   * @param {Choice[]} choices
   * @param {string | null} chosen an address
   */
  show(choices, chosen) {
    const labels = new Map(
      [...this.#place.querySelectorAll("label")].map((label) => [label.dataset.address, label]),
    );
    choices.forEach(({ address, title, state }, position) => {
      const label = labels.get(address) ?? makeLabel(address);
      labels.delete(address);
      const [name, note] = label.querySelectorAll("span.name, small");
      say(/** @type {HTMLElement} */ (name), title);
      say(/** @type {HTMLElement} */ (note), state);
      const input = label.querySelector("input");
      if (input) input.checked = address === chosen;
      if (this.#place.children[position] !== label) {
        this.#place.insertBefore(label, this.#place.children[position] ?? null);
      }
    });
    labels.forEach((label) => label.remove());
  }
}

/** @param {string} address */
function makeLabel(address) {
  return element(
    "label",
    { "data-address": address },
    element("input", { type: "radio", name: "stream", value: address }),
    element("span", { class: "pill" }, element("span", { class: "name" }), element("small")),
  );
}
