/** The page that looks for what is wrong between this device and Earshot. */

import { copyTextOf } from "./clipboard.js";
import { diagnose, reportText } from "./diagnosis.js";
import { element, find, say } from "./element.js";
import * as probes from "./probes.js";
import { RelayClient, socketAddress } from "./relay-client.js";
import { openLine, showLine } from "./relay-line.js";
import { answersOverHttps, askTls } from "./tls-state.js";

/** @import { Facts, Row } from "./diagnosis.js" */

/** What the sign beside a row says. */
const SIGNS = { good: "Good", warn: "Look", bad: "Broken", open: "Not tested" };

class DiagnosePage {
  #again = find("again", HTMLButtonElement);
  #version = "?";
  /** @type {Facts} */
  #facts = noFacts();
  /** @type {Row[]} */
  #shown = [];

  constructor() {
    showLine(openLine());
    this.#again.addEventListener("click", () => void this.#look());
    find("copy", HTMLButtonElement).addEventListener("click", () => void this.#copy());
    void this.#look();
  }

  async #look() {
    this.#again.disabled = true;
    this.#facts = noFacts();
    this.#show();
    await Promise.all([
      this.#note("permission", probes.permission()),
      this.#note("microphones", probes.microphones()),
      this.#note("autoplay", probes.autoplay()),
      this.#askServer(),
      this.#askHttps(),
      this.#askOverLine(),
    ]);
    this.#again.disabled = false;
    say(find("summary", HTMLElement), summary(this.#shown));
  }

  async #askServer() {
    const { media, version } = await probes.server();
    this.#version = version;
    this.#facts.media = media;
    this.#show();
  }

  async #askHttps() {
    const tls = await askTls();
    const asks = tls?.https === true;
    this.#facts.answers = asks ? await answersOverHttps(location.href, tls.https_port) : null;
    this.#facts.tls = tls;
    this.#show();
  }

  /** On a line of its own: the one in the bar has been open for a while. */
  async #askOverLine() {
    const relay = new RelayClient({ url: socketAddress(location.href) });
    relay.open();
    await this.#note("line_ms", probes.line(relay));
    if (this.#facts.line_ms === null) {
      await this.#note("clock_s", Promise.resolve(null));
    } else {
      await Promise.all([
        this.#note("clock_s", probes.clock(relay)),
        this.#note("sound", probes.sound(relay)),
      ]);
    }
    relay.close();
  }

  /**
   * @template {keyof Facts} Key
   * @param {Key} key
   * @param {Promise<Facts[Key]>} fact
   */
  async #note(key, fact) {
    this.#facts[key] = await fact;
    this.#show();
  }

  #show() {
    this.#shown = diagnose(this.#facts);
    find("rows", HTMLElement).replaceChildren(...this.#shown.map(rowElement));
    say(find("summary", HTMLElement), "Looking…");
    const context = { now: new Date(), userAgent: navigator.userAgent, version: this.#version };
    say(find("report", HTMLElement), reportText(this.#shown, context));
  }

  async #copy() {
    find("report-box", HTMLDetailsElement).open = true; // only what is seen can be selected
    const copied = await copyTextOf(find("report", HTMLElement));
    say(
      find("copied", HTMLElement),
      copied ? "Copied. It holds what you see below." : "Select the text below and copy it.",
    );
  }
}

/** @returns {Facts} */
function noFacts() {
  const prefix = new URL(".", location.href).pathname;
  return { origin: location.origin, prefix, secure: isSecureContext };
}

/** @param {Row} row */
function rowElement({ title, state, finding, fix }) {
  const head = element(
    "div",
    { class: "head" },
    element("h2", {}, title),
    element("p", { class: "finding", "data-state": state }, SIGNS[state]),
  );
  const found = element("p", {}, finding);
  const fixes = fix === null ? [] : [element("p", { class: "fix" }, fix)];
  return element("li", { "data-state": state }, head, found, ...fixes);
}

/** @param {Row[]} rows */
function summary(rows) {
  const wrong = rows.filter(({ state }) => state === "warn" || state === "bad").length;
  const open = rows.filter(({ state }) => state === "open").length;
  const untested = open ? ` ${open} of ${rows.length} could not be tested.` : "";
  if (wrong === 0) return `Nothing wrong was found.${untested}`;
  return `${wrong} of ${rows.length} ${wrong === 1 ? "wants" : "want"} a look.${untested}`;
}

new DiagnosePage();
