/** The list of those who were let in, each with a button that sends it away. */

import { element, find, icon, say } from "./element.js";
import { rolesText, seenText } from "./who-am-i.js";

/** @import { Device } from "./api.js" */

const SURE_MS = 5000;

export class PeopleList {
  #list = find("people", HTMLElement);
  #ownId;
  #revoke;
  /** @type {Map<string, PersonRow>} */
  #rows = new Map();

  /**
   * @param {string | null} ownId this browser, which does not send itself away
   * @param {(id: string) => void} revoke
   */
  constructor(ownId, revoke) {
    this.#ownId = ownId;
    this.#revoke = revoke;
  }

  /** @param {Device[]} devices */
  show(devices) {
    find("nobody", HTMLElement).hidden = devices.length > 0;
    const ids = new Set(devices.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const device of devices) {
      let row = this.#rows.get(device.id);
      if (!row) {
        row = new PersonRow(device, device.id === this.#ownId ? null : this.#revoke);
        this.#rows.set(device.id, row);
        this.#list.append(row.element);
      }
      row.update(device);
    }
  }
}

class PersonRow {
  #facts = element("p", { class: "quiet" });

  /**
   * @param {Device} device
   * @param {((id: string) => void) | null} revoke null: it is this browser
   */
  constructor(device, revoke) {
    this.element = element(
      "li",
      { class: "person" },
      icon(device.kind === "player" ? "speaker" : "device"),
      element("div", {}, element("h3", {}, device.name), this.#facts),
      revoke
        ? revokeButton(device.name, () => revoke(device.id))
        : element("span", { class: "quiet" }, "This browser"),
    );
  }

  /** @param {Device} device */
  update({ kind, roles, seen_at }) {
    const what = kind === "player" ? "Player" : rolesText(roles);
    say(this.#facts, `${what} · ${seenText(seen_at, Date.now() / 1000)}`);
  }
}

/**
 * A button that asks once more: what it does cannot be undone.
 *
 * @param {string} name
 * @param {() => void} revoke
 */
function revokeButton(name, revoke) {
  const button = element("button", { type: "button", class: "button danger" }, "Revoke");
  button.setAttribute("aria-label", `Revoke ${name}`);
  button.addEventListener("click", () => {
    if (button.dataset.sure === "true") return revoke();
    button.dataset.sure = "true";
    say(button, "Really?");
    button.setAttribute("aria-label", `Really revoke ${name}?`);
    setTimeout(() => {
      button.dataset.sure = "false";
      say(button, "Revoke");
      button.setAttribute("aria-label", `Revoke ${name}`);
    }, SURE_MS);
  });
  return button;
}
