/** The noise gate, where nothing of the page can hold it up. */

import { NoiseGate } from "./noise-gate.js";

// What the scope of a worklet has, and no type file of ours knows.
const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {any} */ (globalThis);

class Gate extends AudioWorkletProcessor {
  #gate = new NoiseGate(sampleRate);
  #open = false;
  #nothing = new Float32Array(128);

  constructor() {
    super();
    this.port.onmessage = (/** @type {MessageEvent<number>} */ { data }) => {
      this.#gate.threshold_dbfs = data;
    };
  }

  /**
   * @param {Float32Array[][]} inputs without a channel where nothing is connected
   * @param {Float32Array[][]} outputs
   */
  process([[block]], [[output]]) {
    this.#gate.process(block ?? this.#nothing.subarray(0, output.length), output);
    if (this.#gate.open !== this.#open) {
      this.#open = this.#gate.open;
      this.port.postMessage(this.#open);
    }
    return true;
  }
}

registerProcessor("gate", Gate);
