/** Radio buttons for the streams: those that are live, and the one that is wanted though it is not. */

import { element, say } from "./element.js";
import { LATEST, addressOf } from "./live-streams.js";
import { titleOf, titleOfAddress } from "./text.js";

/** @import { StreamDetails } from "./protocol.js" */

export class StreamPicker {
  #choices;
  #note;
  #picked;

  /**
   * @param {Object} parts
   * @param {HTMLElement} parts.choices
   * @param {HTMLElement} parts.note says that there is nothing to choose from
   * @param {(address: string) => void} parts.picked called when a person chooses
   */
  constructor({ choices, note, picked }) {
    this.#choices = choices;
    this.#note = note;
    this.#picked = picked;
    choices.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement) this.#picked(target.value);
    });
  }

  /**
   * @param {StreamDetails[]} streams newest last
   * @param {string | null} wanted the address that is heard or waited for
   * @param {string} emptyText
   */
  show(streams, wanted, emptyText) {
    const rows = [...streams].reverse().map((stream) => ({
      address: addressOf(stream),
      title: titleOf(stream),
      state: stateText(stream),
    }));
    if (wanted === LATEST || streams.length > 1) {
      rows.push({
        address: LATEST,
        title: titleOfAddress(LATEST),
        state: "changes by itself",
      });
    }
    if (wanted !== null && !rows.some(({ address }) => address === wanted)) {
      rows.push({ address: wanted, title: titleOfAddress(wanted), state: "not on the air" });
    }
    this.#render(rows, wanted);
    say(this.#note, rows.length ? "" : emptyText);
    this.#note.hidden = rows.length > 0;
  }

  /**
   * Change what differs and keep the rest: the button that has the focus must survive.
   *
   * @param {{address: string, title: string, state: string}[]} rows
   * @param {string | null} wanted
   */
  #render(rows, wanted) {
    const labels = new Map(
      [...this.#choices.querySelectorAll("label")].map((label) => [label.dataset.address, label]),
    );
    rows.forEach(({ address, title, state }, place) => {
      const label = labels.get(address) ?? makeLabel(address);
      labels.delete(address);
      const [name, note] = label.querySelectorAll("span.name, small");
      say(/** @type {HTMLElement} */ (name), title);
      say(/** @type {HTMLElement} */ (note), state);
      const input = label.querySelector("input");
      if (input) input.checked = address === wanted;
      if (this.#choices.children[place] !== label) {
        this.#choices.insertBefore(label, this.#choices.children[place] ?? null);
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

/** @param {StreamDetails} stream */
function stateText({ state, muted, muted_by_house }) {
  if (state === "stalled") return "lost";
  return muted || muted_by_house ? "muted" : "on air";
}
