/** Radio buttons for the streams: those that are live, and the one that is wanted though it is not. */

import { ChoiceList } from "./choice-list.js";
import { say } from "./element.js";
import { LATEST, addressOf } from "./live-streams.js";
import { titleOf, titleOfAddress } from "./text.js";

/** @import { StreamDetails } from "./protocol.js" */

export class StreamPicker {
  #choices;
  #note;

  /**
   * @param {Object} parts
   * @param {HTMLElement} parts.choices
   * @param {HTMLElement} parts.note says that there is nothing to choose from
   * @param {(address: string) => void} parts.picked called when a person chooses
   */
  constructor({ choices, note, picked }) {
    this.#choices = new ChoiceList(choices, picked);
    this.#note = note;
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
    this.#choices.show(rows, wanted);
    say(this.#note, rows.length ? "" : emptyText);
    this.#note.hidden = rows.length > 0;
  }
}

/** @param {StreamDetails} stream */
function stateText({ state, muted, muted_by_house }) {
  if (state === "stalled") return "lost";
  return muted || muted_by_house ? "muted" : "on air";
}
