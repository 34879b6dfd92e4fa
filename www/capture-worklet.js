/** The microphone's sound in pieces of 20 ms, for the page to send. */

const PIECE_S = 0.02;

// What the scope of a worklet has, and no type file of ours knows.
const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {any} */ (globalThis);

class Capture extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE_S * sampleRate);
  #filled = 0;

  /** @param {Float32Array[][]} inputs without a channel where nothing is connected */
  process([[block]]) {
    for (let taken = 0; block && taken < block.length; ) {
      const part = block.subarray(taken, taken + this.#piece.length - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === this.#piece.length) this.#send();
    }
    return true;
  }

  #send() {
    this.port.postMessage(this.#piece, [this.#piece.buffer]);
    this.#piece = new Float32Array(PIECE_S * sampleRate);
    this.#filled = 0;
  }
}

registerProcessor("capture", Capture);
