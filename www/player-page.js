/** The page that a person sees under the address of a stream: hear it, or take it to a player. */

import { askAudioPort } from "./addresses.js";
import { copyTextOf } from "./clipboard.js";
import { element, find, say } from "./element.js";
import {
  BITRATES_KBPS,
  FORMATS,
  placeOf,
  playlistAddress,
  recipes,
  soundAddress,
} from "./player-address.js";
import { SOUND_NOTES, entryText, findEntry } from "./player-text.js";
import { StreamAudio } from "./stream-audio.js";
import { bindVolume } from "./volume-field.js";

/** @import { Format } from "./player-address.js" */
/** @import { DirectoryEntry } from "./player-text.js" */

const LOOK_EVERY_MS = 3000;
const COPIED_MS = 2500;

class PlayerPage {
  #place = placeOf(location.href);
  #format = this.#place.format;
  #element = find("audio", HTMLAudioElement);
  #audio = new StreamAudio(this.#element);
  #bitrate = find("bitrate", HTMLSelectElement);
  #address = find("address", HTMLElement);
  /** Where players reach the server: not through a page of Home Assistant, which they cannot open. */
  #rootForPlayers = this.#place.root;

  constructor() {
    bindVolume(this.#audio);
    this.#offerFormats();
    this.#offerBitrates();
    find("play", HTMLButtonElement).addEventListener("click", () => this.#toggle());
    find("copy", HTMLButtonElement).addEventListener("click", () => void this.#copy());
    this.#audio.on("state", () => this.#showSound());
    this.#showEntry(null);
    this.#showAddresses();
    void this.#findPlayersRoot();
    void this.#look();
    setInterval(() => void this.#look(), LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", () => void this.#look());
  }

  // --- what the person does -------------------------------------------------------------

  #toggle() {
    if (this.#audio.wanted) this.#audio.pause();
    else this.#listen();
  }

  #listen() {
    void this.#audio.play(soundAddress(this.#place, this.#playable, this.#bitrate_kbps));
  }

  /** @param {Format} format */
  #choose(format) {
    this.#format = format;
    this.#chosen();
  }

  #chosen() {
    this.#showAddresses();
    this.#showSound();
    if (this.#audio.wanted) this.#listen();
  }

  async #copy() {
    const label = find("copy-label", HTMLElement);
    say(label, (await copyTextOf(this.#address)) ? "Copied" : "Selected");
    setTimeout(() => say(label, "Copy"), COPIED_MS);
  }

  // --- what there is to choose ----------------------------------------------------------

  #offerFormats() {
    const choices = FORMATS.map((format) => {
      const input = element("input", { type: "radio", name: "format", value: format.extension });
      input.checked = format === this.#format;
      input.addEventListener("change", () => this.#choose(format));
      return element("label", {}, input, element("span", { class: "pill" }, format.label));
    });
    find("formats", HTMLElement).replaceChildren(...choices);
  }

  #offerBitrates() {
    this.#bitrate.replaceChildren(
      element("option", { value: "" }, "As set in Earshot"),
      ...BITRATES_KBPS.map((kbps) => element("option", { value: String(kbps) }, `${kbps} kbit/s`)),
    );
    this.#bitrate.addEventListener("change", () => this.#chosen());
  }

  get #bitrate_kbps() {
    return this.#bitrate.value === "" ? null : Number(this.#bitrate.value);
  }

  get #chosenIsPlayable() {
    return this.#element.canPlayType(this.#format.type) !== "";
  }

  /** What is heard on this page: every browser plays MP3. */
  get #playable() {
    return this.#chosenIsPlayable ? this.#format : FORMATS[0];
  }

  // --- what is shown --------------------------------------------------------------------

  /** Ask who sends; a page that is not seen asks nothing. */
  async #look() {
    if (document.visibilityState !== "visible") return;
    const line = find("line", HTMLElement);
    try {
      const answer = await fetch(`${this.#place.root}streams.json`, { cache: "no-store" });
      const { streams } = /** @type {{ streams: DirectoryEntry[] }} */ (await answer.json());
      this.#showEntry(findEntry(streams, this.#place.address));
      line.dataset.state = "open";
      say(line, "Connected");
    } catch {
      line.dataset.state = "waiting";
      say(line, "Not reachable");
    }
  }

  /** @param {DirectoryEntry | null} entry */
  #showEntry(entry) {
    const text = entryText(entry, this.#place.address);
    const chip = find("state", HTMLElement);
    chip.dataset.state = text.state;
    say(chip, text.chip);
    say(find("headline", HTMLElement), text.headline);
    say(find("subline", HTMLElement), text.explanation);
    document.title = `${text.headline} · Earshot`;
  }

  async #findPlayersRoot() {
    if (new URL(this.#place.root).pathname === "/") return;
    const port = await askAudioPort(this.#place.root);
    this.#rootForPlayers = `http://${location.hostname}:${port}/`;
    this.#showAddresses();
  }

  #showAddresses() {
    const place = { root: this.#rootForPlayers, address: this.#place.address };
    const kbps = this.#bitrate_kbps;
    const address = soundAddress(place, this.#format, kbps);
    this.#bitrate.disabled = !this.#format.hasBitrate;
    say(this.#address, address);
    for (const kind of /** @type {const} */ (["m3u", "pls"])) {
      find(kind, HTMLAnchorElement).href = playlistAddress(place, kind, this.#format, kbps);
    }
    const mp3 = soundAddress(place, FORMATS[0], kbps);
    find("recipes", HTMLElement).replaceChildren(
      ...recipes(address, mp3).map(({ title, text, code }) =>
        element(
          "div",
          {},
          element("h3", {}, title),
          element("p", { class: "quiet" }, text),
          element("code", {}, code),
        ),
      ),
    );
  }

  #showSound() {
    const { state, wanted } = this.#audio;
    find("play", HTMLElement).setAttribute("aria-label", wanted ? "Pause" : "Listen");
    find("play-icon", HTMLElement).className = `icon icon-${wanted ? "pause" : "play"}`;
    const other = `This browser does not play ${this.#format.label}; here it is heard as MP3.`;
    const note = SOUND_NOTES[state] || (this.#chosenIsPlayable ? "" : other);
    say(find("sound-note", HTMLElement), note);
  }
}

new PlayerPage();
