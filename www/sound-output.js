/** Pieces of sound made into a MediaStream, evenly, whatever the browser lets this page use. */

import { PlayoutBuffer } from "./playout-buffer.js";

const AHEAD_S = 0.06; // what a page without a worklet hands over early, being busy at times
const PUMP_S = 0.02;

/**
 * @typedef {Object} OutputFigures
 * @property {number} played samples
 * @property {number} madeUp samples
 * @property {number} waited_s sum over all samples played
 */

export class SoundOutput {
  #context;
  #destination;
  /** @type {AudioWorkletNode | null} */
  #node = null;
  /** @type {PlayoutBuffer | null} */
  #buffer = null;
  #scheduled_s = 0;
  /** @type {OutputFigures} */
  figures = { played: 0, madeUp: 0, waited_s: 0 };
  #resume = () => void this.resume();

  /** @param {number} rate of all pieces */
  constructor(rate) {
    this.#context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    this.#destination = this.#context.createMediaStreamDestination();
    // Some browsers start a context only within a touch, and nobody else knows of this one.
    addEventListener("pointerup", this.#resume);
    addEventListener("keyup", this.#resume);
    void this.#open();
  }

  /** What is to be played. */
  get media() {
    return this.#destination.stream;
  }

  get rate() {
    return this.#context.sampleRate;
  }

  /** Seconds from here to the loudspeaker, as far as the browser tells. */
  get latency_s() {
    return this.#context.baseLatency + (this.#context.outputLatency || 0);
  }

  /** Go on after the browser or the system stopped it. Idempotent. */
  async resume() {
    if (this.#context.state !== "running" && this.#context.state !== "closed") {
      await this.#context.resume().catch(() => {}); // it waits for a touch
    }
  }

  /** @param {Float32Array<ArrayBuffer>} piece it is given away */
  play(piece) {
    if (this.#node) return this.#node.port.postMessage(piece, [piece.buffer]);
    this.#buffer?.push(piece);
    this.#pump();
  }

  /** Another sound begins. */
  clear() {
    this.#node?.port.postMessage(null);
    this.#buffer?.clear();
  }

  /** Idempotent. */
  close() {
    removeEventListener("pointerup", this.#resume);
    removeEventListener("keyup", this.#resume);
    if (this.#context.state !== "closed") void this.#context.close();
  }

  async #open() {
    void this.resume();
    try {
      // Pages that are not secure have none.
      const module = new URL("playout-worklet.js", import.meta.url).href;
      await this.#context.audioWorklet.addModule(module);
    } catch {
      this.#buffer = new PlayoutBuffer(this.rate);
      return;
    }
    if (this.#context.state === "closed") return;
    const node = new AudioWorkletNode(this.#context, "playout", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    node.port.onmessage = ({ data }) => (this.figures = data);
    node.connect(this.#destination);
    this.#node = node;
  }

  /** Schedule what is due soon. Pieces that arrive drive it, as no timer of a hidden page would. */
  #pump() {
    const buffer = this.#buffer;
    const now_s = this.#context.currentTime;
    if (!buffer || this.#context.state !== "running") return;
    if (this.#scheduled_s < now_s) this.#scheduled_s = now_s + AHEAD_S / 2;
    while (this.#scheduled_s < now_s + AHEAD_S) {
      const audio = this.#context.createBuffer(1, PUMP_S * this.rate, this.rate);
      buffer.pull(audio.getChannelData(0));
      const source = new AudioBufferSourceNode(this.#context, { buffer: audio });
      source.connect(this.#destination);
      source.start(this.#scheduled_s);
      this.#scheduled_s += PUMP_S;
    }
    const { played, madeUp, waited_s } = buffer;
    this.figures = { played, madeUp, waited_s: waited_s + played * AHEAD_S };
  }
}
