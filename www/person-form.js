/** Where an admin gives somebody who was let in another name, and a device other roles. */

import { element, say } from "./element.js";
import { ROLES, rolesText } from "./who-am-i.js";

/** @import { Device } from "./api.js" */

/**
 * @typedef {Object} Change
 * @property {string} name
 * @property {string[]} [roles]
 */

export class PersonForm {
  #name;
  #roles;
  #save;

  /**
   * @param {boolean} hasRoles whether other roles may be given
   * @param {(change: Change) => void} save
   * @param {() => void} close
   */
  constructor(hasRoles, save, close) {
    this.#save = save;
    this.#name = element("input", { type: "text", maxlength: "40", required: "" });
    this.#roles = hasRoles ? roleChoice() : null;
    const cancel = element("button", { type: "button", class: "button" }, "Cancel");
    cancel.addEventListener("click", close);
    this.element = element(
      "form",
      { class: "stack person-form", hidden: "" },
      labelled("Name", this.#name),
      ...(this.#roles ? [labelled("What it may do", this.#roles)] : []),
      element(
        "div",
        { class: "row" },
        element("button", { type: "submit", class: "button primary" }, "Save"),
        cancel,
      ),
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
      close();
    });
  }

  /** @param {Device} device as it is now */
  open({ name, roles }) {
    this.#name.value = name;
    if (this.#roles) this.#roles.value = roles.join(" ");
    this.element.hidden = false;
    this.#name.focus();
  }

  close() {
    this.element.hidden = true;
  }

  #submit() {
    const name = this.#name.value;
    const chosen = this.#roles?.value;
    this.#save(chosen ? { name, roles: chosen.split(" ") } : { name });
  }
}

function roleChoice() {
  const options = ROLES.map((roles) => {
    const option = element("option", { value: roles.join(" ") });
    say(option, rolesText(roles));
    return option;
  });
  return element("select", {}, ...options);
}

/**
 * @param {string} text
 * @param {HTMLElement} field
 */
function labelled(text, field) {
  const name = element("span", { class: "field-name" }, text);
  return element("label", { class: "field" }, name, field);
}
