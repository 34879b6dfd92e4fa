/** What was noticed, newest first; a tap leads to its place in the plots. */

import { element } from "./element.js";
import { eventFacts, kindText, momentText } from "./history-text.js";

/** @import { NoticedEvent } from "./history-api.js" */

const MOST = 100; // more nobody reads; the plots show them all

export class EventList {
  #list;
  #more;
  #picked;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} more
   * @param {(event: NoticedEvent) => void} picked
   */
  constructor(list, more, picked) {
    this.#list = list;
    this.#more = more;
    this.#picked = picked;
  }

  /** @param {NoticedEvent[]} events oldest first */
  show(events) {
    const shown = events.slice(-MOST).reverse();
    this.#list.replaceChildren(...shown.map((event) => this.#row(event)));
    const left = events.length - shown.length;
    this.#more.textContent = events.length
      ? `The newest ${MOST}; ${left} more are in the plots and the export.`
      : "Nothing was noticed in this time.";
    this.#more.hidden = events.length > 0 && left === 0;
  }

  /** @param {NoticedEvent} event */
  #row(event) {
    const row = element(
      "button",
      { type: "button", class: "event", "data-kind": event.kind },
      element("span", { class: "event-mark", "aria-hidden": "true" }),
      element("b", {}, kindText(event.kind)),
      element("span", { class: "quiet" }, eventFacts(event)),
      element("time", {}, momentText(event.began_at, true)),
    );
    row.addEventListener("click", () => this.#picked(event));
    return element("li", {}, row);
  }
}
