/** The page's sound, played where nothing else of the page can hold it up. */

import { PlayoutBuffer } from "./playout-buffer.js";

const REPORT_S = 0.25;

// What the scope of a worklet has, and no type file of ours knows.
const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {any} */ (globalThis);

class Playout extends AudioWorkletProcessor {
  #buffer = new PlayoutBuffer(sampleRate);
  #sinceReport = 0;

  constructor() {
    super();
    this.port.onmessage = (/** @type {MessageEvent} */ { data }) =>
      data === null ? this.#buffer.clear() : this.#buffer.push(data);
  }

  /**
   * @param {Float32Array[][]} _
   * @param {Float32Array[][]} outputs
   */
  process(_, [[block]]) {
    this.#buffer.pull(block);
    this.#sinceReport += block.length;
    if (this.#sinceReport >= REPORT_S * sampleRate) {
      this.#sinceReport = 0;
      const { played, madeUp, waited_s } = this.#buffer;
      this.port.postMessage({ played, madeUp, waited_s });
    }
    return true;
  }
}

registerProcessor("playout", Playout);
