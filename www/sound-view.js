/** What is heard, as a picture: from the relay's levels, or where none come from the browser's own. */

import { audioLevelOf } from "./connection-quality.js";
import { amplitude_dbfs } from "./loudness.js";

/** @import { LevelMeter } from "./level-meter.js" */
/** @import { Receiver } from "./receiver.js" */
/** @import { RelayClient } from "./relay-client.js" */
/** @import { SpectrumView } from "./spectrum-view.js" */

const FRESH_MS = 1500; // the relay's levels come ten times a second

export class SoundView {
  #relay;
  #receiver;
  #spectrum;
  #meter;
  #toldAt = -Infinity;
  level_dbfs = -100;
  voice = false;

  /**
   * @param {Object} parts
   * @param {RelayClient} parts.relay
   * @param {Receiver} parts.receiver
   * @param {SpectrumView} parts.spectrum
   * @param {LevelMeter} [parts.meter]
   */
  constructor({ relay, receiver, spectrum, meter }) {
    this.#relay = relay;
    this.#receiver = receiver;
    this.#spectrum = spectrum;
    this.#meter = meter;
    relay.on("audio_data", (sound) => {
      if (sound.stream_id !== this.#heardId) return;
      this.#toldAt = performance.now();
      this.voice = sound.voice;
      this.#spectrum.show(sound.bands);
      this.#showLevel(sound.level_dbfs, sound.peak_dbfs);
    });
    receiver.on("status", () => this.#follow());
    receiver.on("report", (report) => this.#fallBack(audioLevelOf(report)));
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  get #heardId() {
    const { phase, stream } = this.#receiver.status;
    return phase === "hearing" ? stream?.stream_id : undefined;
  }

  /** Levels cost the relay a decoder: they are asked for only while somebody looks. */
  #follow() {
    const id = this.#heardId;
    this.#relay.watch(id && document.visibilityState === "visible" ? [id] : []);
    if (!id) {
      this.#spectrum.rest();
      this.#showLevel(-100, -100);
    }
  }

  /** @param {number | null} amplitude */
  #fallBack(amplitude) {
    if (amplitude === null || performance.now() - this.#toldAt < FRESH_MS) return;
    if (!this.#heardId) return;
    this.voice = false;
    const level = amplitude_dbfs(amplitude);
    this.#spectrum.showLevel(level);
    this.#showLevel(level, level);
  }

  /**
   * @param {number} level_dbfs
   * @param {number} peak_dbfs
   */
  #showLevel(level_dbfs, peak_dbfs) {
    this.level_dbfs = level_dbfs;
    this.#meter?.show(level_dbfs, peak_dbfs);
  }
}
