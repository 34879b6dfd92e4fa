/** The list of those who were let in, each with buttons that change it and send it away. */

import { element, find, icon, say } from "./element.js";
import { PersonForm } from "./person-form.js";
import { rolesText, seenText } from "./who-am-i.js";

/** @import { Device } from "./api.js" */
/** @import { Change } from "./person-form.js" */

const SURE_MS = 5000;
const KINDS = { player: "Player", monitor: "Reads numbers" };

export class PeopleList {
  #list = find("people", HTMLElement);
  #ownId;
  #change;
  #revoke;
  /** @type {Map<string, PersonRow>} */
  #rows = new Map();

  /**
   * @param {string | null} ownId this browser, which does not lock itself out
   * @param {(id: string, change: Change) => void} change
   * @param {(id: string) => void} revoke
   */
  constructor(ownId, change, revoke) {
    this.#ownId = ownId;
    this.#change = change;
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
        const own = device.id === this.#ownId;
        row = new PersonRow(device, own, this.#change, this.#revoke);
        this.#rows.set(device.id, row);
        this.#list.append(row.element);
      }
      row.update(device);
    }
  }
}

class PersonRow {
  #device;
  #own;
  #name = element("h3");
  #facts = element("p", { class: "quiet" });
  #edit = element("button", { type: "button", class: "button" }, "Change");
  #form;
  #revoke;

  /**
   * @param {Device} device
   * @param {boolean} own whether it is this browser
   * @param {(id: string, change: Change) => void} change
   * @param {(id: string) => void} revoke
   */
  constructor(device, own, change, revoke) {
    this.#device = device;
    this.#own = own;
    const { id, kind } = device;
    this.#form = new PersonForm(
      kind === "device" && !own,
      (wanted) => change(id, wanted),
      () => this.#closeForm(),
    );
    this.#edit.addEventListener("click", () => this.#openForm());
    this.#revoke = own ? null : new RevokeButton(() => revoke(id));
    this.element = element(
      "li",
      { class: "person" },
      icon(kind === "player" ? "speaker" : "device"),
      element("div", {}, this.#name, this.#facts),
      element(
        "div",
        { class: "row person-buttons" },
        this.#edit,
        ...(this.#revoke ? [this.#revoke.element] : []),
      ),
      this.#form.element,
    );
  }

  /** @param {Device} device */
  update(device) {
    this.#device = device;
    const { name, kind, roles, seen_at } = device;
    const what = kind === "device" ? rolesText(roles) : KINDS[kind];
    const seen = this.#own ? "This browser" : seenText(seen_at, Date.now() / 1000);
    say(this.#name, name);
    say(this.#facts, `${what} · ${seen}`);
    this.#edit.setAttribute("aria-label", `Change ${name}`);
    this.#revoke?.nameIs(name);
  }

  #openForm() {
    this.#edit.hidden = true;
    this.#form.open(this.#device);
  }

  #closeForm() {
    this.#form.close();
    this.#edit.hidden = false;
    this.#edit.focus();
  }
}

/** A button that asks once more: what it does cannot be undone. */
class RevokeButton {
  element = element("button", { type: "button", class: "button danger" });
  #name = "";
  #sure = false;

  /** @param {() => void} revoke */
  constructor(revoke) {
    this.element.addEventListener("click", () => {
      if (this.#sure) return revoke();
      this.#isSure(true);
      setTimeout(() => this.#isSure(false), SURE_MS);
    });
  }

  /** @param {string} name */
  nameIs(name) {
    this.#name = name;
    this.#isSure(this.#sure);
  }

  /** @param {boolean} sure */
  #isSure(sure) {
    this.#sure = sure;
    this.element.dataset.sure = String(sure);
    say(this.element, sure ? "Really?" : "Revoke");
    this.element.setAttribute("aria-label", `${sure ? "Really revoke" : "Revoke"} ${this.#name}`);
  }
}
