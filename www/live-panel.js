/** The spectrum of a room as it sounds now, as long as it is on the air and somebody looks. */

import { find, say } from "./element.js";
import { drawLegend } from "./heat-colours.js";
import { dbText } from "./history-text.js";
import { BRIGHTEST_DBFS, DARKEST_DBFS, LiveSpectrogram } from "./live-spectrogram.js";
import { findStream } from "./live-streams.js";

/** @import { RelayClient } from "./relay-client.js" */

export class LivePanel {
  #panel = find("live", HTMLElement);
  #picture = find("spectrogram", LiveSpectrogram);
  #pause = find("pause", HTMLButtonElement);
  #relay;
  /** @type {string | null} */
  #address = null;
  /** @type {string | null} */
  #heardId = null;

  /** @param {RelayClient} relay */
  constructor(relay) {
    this.#relay = relay;
    relay.on("streams", () => this.#follow());
    relay.on("audio_data", (sound) => {
      if (sound.stream_id === this.#heardId) this.#picture.hear(sound);
    });
    document.addEventListener("visibilitychange", () => this.#follow());
    this.#pause.addEventListener("click", () => this.#toggle());
    const legend = this.#panel.querySelector("canvas.legend-colours");
    if (legend instanceof HTMLCanvasElement) drawLegend(legend);
    say(find("live-least", HTMLElement), dbText(DARKEST_DBFS));
    say(find("live-most", HTMLElement), dbText(BRIGHTEST_DBFS));
  }

  /** @param {string} address of the room that is looked at */
  show(address) {
    if (address !== this.#address) this.#picture.clear();
    this.#address = address;
    this.#follow();
  }

  /** Spectra cost the relay a decoder: they are asked for only while somebody looks. */
  #follow() {
    const stream = this.#address === null ? null : findStream(this.#relay.streams, this.#address);
    this.#heardId = stream?.stream_id ?? null;
    this.#panel.hidden = stream === null;
    const seen = document.visibilityState === "visible";
    this.#relay.watch(this.#heardId !== null && seen ? [this.#heardId] : []);
  }

  #toggle() {
    const paused = !this.#picture.paused;
    this.#picture.paused = paused;
    this.#pause.setAttribute("aria-pressed", String(paused));
    find("pause-icon", HTMLElement).className = `icon icon-${paused ? "play" : "pause"}`;
    say(find("pause-label", HTMLElement), paused ? "Go on" : "Pause");
  }
}
