/** A list of those who listen, each with a button that sends it away. */

import { element, icon, say } from "./element.js";
import { counted } from "./text.js";

/** @import { Audience, Hearer } from "./protocol.js" */

export class AudienceView {
  #list = element("ul", { class: "hearers", "aria-label": "Who is listening" });
  #all;
  #back;
  #away = element("span");
  #orders;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} place an empty element
   * @param {Object} orders
   * @param {(who?: string) => void} orders.hush
   * @param {() => void} orders.letBack
   */
  constructor(place, orders) {
    this.element = place;
    this.#orders = orders;
    this.#all = button("Hush all", () => orders.hush());
    const again = button("Let them back", () => orders.letBack());
    this.#back = element("p", { class: "hushed quiet" }, this.#away, again);
    place.append(this.#list, this.#all, this.#back);
    this.show(null);
  }

  /** @param {Audience | null} audience null: nothing is sent, or nobody told */
  show(audience) {
    const hearers = audience?.hearers ?? [];
    const hushed = audience?.hushed ?? [];
    this.element.hidden = hearers.length + hushed.length === 0;
    this.#showRows(hearers);
    this.#all.hidden = hearers.length < 2;
    this.#back.hidden = hushed.length === 0;
    say(this.#away, `Sent away for five minutes: ${hushed.join(", ")}`);
  }

  /** @param {Hearer[]} hearers */
  #showRows(hearers) {
    const present = new Set(hearers.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (present.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    for (const hearer of hearers) {
      if (this.#rows.has(hearer.id)) continue;
      const row = this.#row(hearer);
      this.#rows.set(hearer.id, row);
      this.#list.append(row);
    }
  }

  /** @param {Hearer} hearer */
  #row({ id, name, by }) {
    const kind = element("span", { class: "quiet" }, by === "http" ? "player" : "page");
    const hush = button("Hush", () => this.#orders.hush(id));
    hush.setAttribute("aria-label", `Send ${name} away`);
    return element("li", {}, icon("ear"), element("b", {}, name), kind, hush);
  }
}

/**
 * @param {string} text
 * @param {() => void} pressed
 */
function button(text, pressed) {
  const made = element("button", { type: "button", class: "button small" }, text);
  made.addEventListener("click", pressed);
  return made;
}

/**
 * Who listens, in one line.
 *
 * @param {Audience} audience
 */
export function listeningText({ hearers, more }) {
  const total = hearers.length + more;
  if (total === 0) return "Nobody hears it yet";
  const names = hearers.map(({ name }) => name).join(", ");
  const others = more ? ` and ${more} more` : "";
  return `${counted(total, "is listening", "are listening")}: ${names}${others}`;
}
