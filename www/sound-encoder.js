/** The microphone's samples made into payloads of frames: Opus by the browser's codec, or samples. */

import { ENCODER, OPUS_FRAME, OPUS_RATE } from "./sound-formats.js";

/** @import { SoundFormat } from "./sound-formats.js" */

const FULL_SCALE = 32_767;

/** Halves the sample rate: what lies above a quarter of it is taken out first. */
const HALF_BAND = [-1, 0, 9, 16, 9, 0, -1].map((weight) => weight / 32);

export class SoundEncoder {
  #encoded;
  /** @type {AudioEncoder | null} */
  #opus = null;
  #tail = new Float32Array(HALF_BAND.length - 1);

  /**
   * @param {SoundFormat} format
   * @param {(payload: Uint8Array, timestamp: number) => void} encoded
   * @param {() => void} broken called when this browser cannot go on
   */
  constructor(format, encoded, broken) {
    this.#encoded = encoded;
    if (format !== "opus") return;
    this.#opus = new AudioEncoder({
      output: (chunk) => this.#take(chunk),
      error: broken,
    });
    const opus = { frameDuration: 20_000, application: "voip" };
    this.#opus.configure(/** @type {AudioEncoderConfig} */ ({ ...ENCODER, opus }));
  }

  /**
   * @param {Float32Array<ArrayBuffer>} samples 20 ms at 48 kHz
   * @param {number} timestamp in samples
   */
  take(samples, timestamp) {
    if (!this.#opus) return this.#encoded(this.#halved(samples), timestamp);
    if (this.#opus.state !== "configured") return;
    const audio = new AudioData({
      format: "f32-planar",
      sampleRate: OPUS_RATE,
      numberOfFrames: samples.length,
      numberOfChannels: 1,
      timestamp: Math.round((timestamp / OPUS_RATE) * 1e6),
      data: samples,
    });
    this.#opus.encode(audio);
    audio.close();
  }

  /** Idempotent. */
  close() {
    if (this.#opus && this.#opus.state !== "closed") this.#opus.close();
    this.#opus = null;
  }

  /** @param {EncodedAudioChunk} chunk */
  #take(chunk) {
    const payload = new Uint8Array(chunk.byteLength);
    chunk.copyTo(payload);
    const frames = Math.round((chunk.timestamp * OPUS_RATE) / 1e6 / OPUS_FRAME);
    this.#encoded(payload, frames * OPUS_FRAME);
  }

  /** @param {Float32Array} samples */
  #halved(samples) {
    const line = new Float32Array(this.#tail.length + samples.length);
    line.set(this.#tail);
    line.set(samples, this.#tail.length);
    this.#tail = line.slice(samples.length);
    const view = new DataView(new ArrayBuffer(samples.length));
    for (let index = 0; index < samples.length; index += 2) {
      const sum = HALF_BAND.reduce((sum, weight, tap) => sum + weight * line[index + tap], 0);
      view.setInt16(index, Math.round(Math.max(-1, Math.min(1, sum)) * FULL_SCALE), true);
    }
    return new Uint8Array(view.buffer);
  }
}
