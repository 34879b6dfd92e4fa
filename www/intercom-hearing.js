/** The half of the talk page that hears: whoever is chosen, or else whoever sends, but never this device. */

import { find, say } from "./element.js";
import { addressOf } from "./live-streams.js";
import { recall, remember } from "./memory.js";
import { Player } from "./player.js";
import { Receiver } from "./receiver.js";
import { openLine, showLine } from "./relay-line.js";
import { SoundView } from "./sound-view.js";
import { SpectrumView } from "./spectrum-view.js";
import { StreamPicker } from "./stream-picker.js";
import { hearingText } from "./text.js";
import { pageTransport } from "./transport-choice.js";
import { bindVolume } from "./volume-field.js";
import { showWay } from "./way-note.js";

/** @import { StreamDetails } from "./protocol.js" */

export class IntercomHearing {
  #relay = openLine();
  #isOwn;
  #receiver;
  #player = new Player(find("audio", HTMLAudioElement));
  #picker = new StreamPicker({
    choices: find("choices", HTMLElement),
    note: find("no-choices", HTMLElement),
    picked: (address) => this.#pick(address),
  });
  /** @type {string | null} */
  #address = recall("talk_with");
  #silent = false;

  /** @param {(stream: StreamDetails) => boolean} isOwn whether a stream is this device's */
  constructor(isOwn) {
    this.#isOwn = isOwn;
    this.#receiver = new Receiver(this.#relay, {
      accepts: (stream) => !isOwn(stream),
      transport: pageTransport(),
    });
    new SoundView({
      relay: this.#relay,
      receiver: this.#receiver,
      spectrum: find("spectrum", SpectrumView),
    });
    showLine(this.#relay);
    bindVolume(this.#player);
    this.#receiver.on("media", (media) => this.#player.load(media));
    this.#receiver.on("media", () => showWay(this.#receiver.overSocket));
    this.#receiver.on("status", () => this.#render());
    this.#relay.on("streams", () => this.#render());
    this.#player.on("refused", () => this.#render());
    find("tap", HTMLButtonElement).addEventListener("click", () => void this.#player.play());
    const retry = () => {
      this.#receiver.retry();
      if (this.#player.refused) void this.#player.play(); // the call that paused it is over
    };
    addEventListener("online", retry);
    document.addEventListener("visibilitychange", retry);
    this.#receiver.follow(this.#address);
    this.#render();
  }

  /** @param {boolean} silent while this device talks, so that nobody hears himself come back */
  setSilent(silent) {
    this.#silent = silent;
    this.#player.setMuted(silent);
    // The press of the talk button is a gesture too; it may as well unlock the sound.
    if (silent && this.#player.refused) void this.#player.play();
    this.#render();
  }

  /** @param {string} address */
  #pick(address) {
    this.#address = address;
    remember("talk_with", address);
    this.#receiver.follow(address);
    void this.#player.play();
  }

  #render() {
    const { status } = this.#receiver;
    const text = hearingText(status, this.#address, this.#player.refused);
    const chip = find("state", HTMLElement);
    chip.dataset.state = text.state;
    say(chip, text.chip);
    say(find("hearing-title", HTMLElement), text.headline);
    const quiet = this.#silent && text.state === "live";
    say(find("hearing-text", HTMLElement), quiet ? "Silent while you talk." : text.explanation);
    find("tap", HTMLElement).hidden = !this.#player.refused;
    const others = this.#relay.streams.filter((stream) => !this.#isOwn(stream));
    const followed = this.#address ?? (status.stream && addressOf(status.stream));
    this.#picker.show(
      others,
      followed,
      "Nobody else is on the air yet. Open this page on another device and hold its button.",
    );
  }
}
