/** One live stream on the first page: how loud it is, who hears it, and how to hear it too. */

import { historyAddress, listenAddress, playerAddress } from "./addresses.js";
import { copyTextOf } from "./clipboard.js";
import { element, icon, say } from "./element.js";
import { LevelMeter } from "./level-meter.js";
import { addressOf } from "./live-streams.js";
import { ReachView } from "./reach-view.js";
import { apiErrorText, audience, durationText, titleOf } from "./text.js";
import { showPassingTrouble } from "./trouble.js";

/** @import { AudioData, StreamDetails } from "./protocol.js" */

const COPIED_MS = 2500;

const STATES = { live: "On air", muted: "Muted", stalled: "Lost" };

export class StreamCard {
  #meter = new LevelMeter();
  #title = element("h2");
  #chip = element("span", { class: "chip" });
  #facts = element("p", { class: "quiet" });
  #reach = new ReachView(element("p"));
  #listen = element("a", { class: "button primary" }, icon("ear"), "Listen");
  #history = element("a", { class: "button" }, icon("history"), "History");
  #copyLabel = element("span", {}, "Copy");
  #copy = element("button", { type: "button", class: "button" }, icon("copy"), this.#copyLabel);
  #address = element("code");
  #audioPort;
  #makeLink;
  /** @type {string | null} what was made for players that were not let in by name */
  #link = null;

  /**
   * @param {StreamDetails} stream
   * @param {number} audioPort where players find it
   * @param {((address: string) => Promise<string>) | null} makeLink null: players need none
   */
  constructor(stream, audioPort, makeLink = null) {
    this.#audioPort = audioPort;
    this.#makeLink = makeLink;
    if (makeLink) say(this.#copyLabel, "Make a link");
    this.element = element(
      "li",
      { class: "card stream" },
      element("div", { class: "stream-head" }, this.#title, this.#chip),
      this.#meter,
      this.#facts,
      this.#reach.element,
      element("div", { class: "stream-ways" }, this.#listen, this.#history),
      element(
        "div",
        { class: "for-players" },
        element("p", { class: "quiet" }, "As MP3 for players"),
        this.#address,
        this.#copy,
      ),
    );
    this.#copy.addEventListener("click", () => void this.#copyAddress());
    this.stream = stream;
    this.update(stream);
  }

  /** @param {StreamDetails} stream */
  update(stream) {
    this.stream = stream;
    const state = stateOf(stream);
    const title = titleOf(stream);
    this.element.dataset.state = this.#chip.dataset.state = state;
    say(this.#title, title);
    say(this.#chip, STATES[state]);
    this.#listen.href = listenAddress(addressOf(stream));
    this.#listen.setAttribute("aria-label", `Listen to ${title}`);
    this.#history.href = historyAddress(addressOf(stream));
    this.#history.setAttribute("aria-label", `History of ${title}`);
    this.#copy.setAttribute("aria-label", `Copy the MP3 address of ${title} for players`);
    this.#meter.setAttribute("aria-label", `Level of ${title}`);
    say(this.#address, this.#playerText());
    if (state !== "live") this.#meter.show(-100);
    this.#reach.show(stream.hearing);
    this.tick();
  }

  /** Say for how long it has been on the air; call now and then. */
  tick() {
    const { started_at } = this.stream;
    const age_s = started_at === null ? 0 : Date.now() / 1000 - started_at;
    const age = age_s > 0 ? ` · for ${durationText(age_s)}` : "";
    say(this.#facts, audience(this.stream) + age);
  }

  /** @param {AudioData} sound */
  hear({ level_dbfs, peak_dbfs }) {
    this.#meter.show(level_dbfs, peak_dbfs);
  }

  #playerText() {
    if (!this.#makeLink) {
      return playerAddress(addressOf(this.stream), location.href, this.#audioPort);
    }
    return this.#link ?? "A link lets one player in for a day";
  }

  async #copyAddress() {
    if (this.#makeLink) {
      try {
        this.#link = await this.#makeLink(addressOf(this.stream));
      } catch (error) {
        return showPassingTrouble(apiErrorText(error));
      }
      say(this.#address, this.#link);
    }
    const copied = await copyTextOf(this.#address);
    say(this.#copyLabel, copied ? "Copied" : "Selected");
    const label = this.#makeLink ? "Make a link" : "Copy";
    setTimeout(() => say(this.#copyLabel, label), COPIED_MS);
  }
}

/**
 * @param {StreamDetails} stream
 * @returns {keyof typeof STATES}
 */
function stateOf(stream) {
  if (stream.state === "stalled") return "stalled";
  return stream.muted || stream.muted_by_house ? "muted" : "live";
}
