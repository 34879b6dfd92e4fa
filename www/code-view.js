/** A pairing code on the screen, as long as it is good. */

import { find, say } from "./element.js";

const TICK_MS = 500;

/**
 * @typedef {Object} Code
 * @property {string} code
 * @property {number} expires_in_s
 * @property {string} link where the new device opens the page, with the code
 */

export class CodeView {
  #shown = find("shown", HTMLElement);
  #qr = find("qr", HTMLImageElement);
  #added = find("added", HTMLElement);
  #endsAt = 0;
  #number = 0;
  #timer = 0;

  /** @param {() => void} wanted called when a code is asked for */
  constructor(wanted) {
    find("add", HTMLButtonElement).addEventListener("click", wanted);
    this.#qr.addEventListener("load", () => (this.#qr.hidden = false));
    this.#qr.addEventListener("error", () => (this.#qr.hidden = true));
  }

  get isOpen() {
    return !this.#shown.hidden;
  }

  /** @param {Code} code */
  show({ code, expires_in_s, link }) {
    this.#endsAt = Date.now() + expires_in_s * 1000;
    say(find("code", HTMLElement), `${code.slice(0, 3)} ${code.slice(3)}`);
    say(find("open-there", HTMLElement), link.slice(0, link.indexOf("#")));
    say(find("add", HTMLButtonElement), "Show another code");
    this.#added.hidden = true;
    this.#shown.hidden = false;
    this.#qr.hidden = true;
    this.#qr.src = `api/pairing/qr?number=${++this.#number}`; // the relay knows the code
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
    this.#shown.scrollIntoView({ block: "center" });
  }

  #tick() {
    const left_s = Math.ceil((this.#endsAt - Date.now()) / 1000);
    if (left_s > 0) say(find("countdown", HTMLElement), `Good for ${left_s} s more`);
    else this.close(null);
  }

  /**
   * The code is not good any more.
   *
   * @param {string | null} name of the device that used it
   */
  close(name) {
    clearInterval(this.#timer);
    this.#shown.hidden = true;
    say(find("code", HTMLElement), "");
    say(find("add", HTMLButtonElement), "Show a code");
    this.#added.hidden = false;
    say(
      this.#added,
      name === null
        ? "The code is not good any more: its time is over, or it was guessed at too often."
        : `“${name}” is paired.`,
    );
  }
}
