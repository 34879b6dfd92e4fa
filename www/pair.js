/** The page on which a device is let in: by a code that is typed, or one that came with a link. */

import { ask } from "./api.js";
import { guessName } from "./device-name.js";
import { find, say } from "./element.js";
import { recall, remember } from "./memory.js";
import { apiErrorText } from "./text.js";
import { showTrouble } from "./trouble.js";
import { askWhoIAm, codeIn, isAdmin, isStranger, nextPage, rolesText } from "./who-am-i.js";

/** @import { Me } from "./who-am-i.js" */

const LOOK_AGAIN_MS = 5000;
const TYPED_CODE = /^\s*\d{3}\s*\d{3}\s*$/;

class PairPage {
  #form = find("form", HTMLFormElement);
  #code = find("code", HTMLInputElement);
  #name = find("name", HTMLInputElement);
  #button = find("pair", HTMLButtonElement);

  /** @param {Me | null} me */
  constructor(me) {
    const code = codeIn(location.hash);
    // Neither the history nor a screen that is shared has to know it.
    if (code) history.replaceState(null, "", location.pathname + location.search);
    this.#code.value = code;
    this.#name.value = recall("name") ?? guessName(navigator.userAgent);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#pair();
    });
    addEventListener("hashchange", () => location.reload());
    if (code === "" && me !== null && !isStranger(me)) this.#showKnown(me);
    else this.#showForm(code);
    // The code of the terminal was shown to its owner alone: one click is enough.
    if (code !== "" && !TYPED_CODE.test(code)) void this.#pair();
    if (isStranger(me)) setInterval(() => void this.#goOnIfLetIn(), LOOK_AGAIN_MS);
  }

  /** @param {Me} me */
  #showKnown(me) {
    find("known", HTMLElement).hidden = false;
    const paired = me.trust === "paired";
    say(
      find("known-title", HTMLElement),
      paired ? `This device is paired as “${me.name}”` : "This device needs no pairing",
    );
    say(
      find("known-text", HTMLElement),
      paired
        ? `${rolesText(me.roles)}. It stays so until somebody revokes it.`
        : "Everybody who can open this page may listen and speak here.",
    );
    find("onward", HTMLAnchorElement).href = nextPage(location.href, "./");
  }

  /** @param {string} code */
  #showForm(code) {
    this.#form.hidden = false;
    find("help", HTMLElement).hidden = code !== "";
    say(
      find("intro", HTMLElement),
      code === ""
        ? "Earshot is for paired devices here. Type the code that somebody at home shows you."
        : "Is the name right? Then it is one tap.",
    );
    (code === "" ? this.#code : this.#button).focus();
  }

  async #pair() {
    this.#button.disabled = true;
    showTrouble(null);
    say(this.#button, "Pairing…");
    try {
      const { device } = await ask("POST", "api/pair", {
        code: this.#code.value,
        name: this.#name.value,
      });
      remember("name", device.name);
      const fallback = device.roles.includes("admin") ? "devices.html" : "./";
      location.replace(nextPage(location.href, fallback));
    } catch (error) {
      showTrouble(apiErrorText(error));
      find("help", HTMLElement).hidden = false;
      this.#button.disabled = false;
      say(this.#button, "Pair");
    }
  }

  /** Somebody may have opened the house, or paired this browser in another tab. */
  async #goOnIfLetIn() {
    const me = await askWhoIAm();
    if (me === null || isStranger(me)) return;
    location.replace(nextPage(location.href, isAdmin(me) ? "devices.html" : "./"));
  }
}

new PairPage(await askWhoIAm());
