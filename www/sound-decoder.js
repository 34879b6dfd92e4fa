/** Payloads of frames made into samples: Opus by the browser's codec, or samples as they are. */

import { DECODER, OPUS_RATE } from "./sound-formats.js";

/** @import { SoundFormat } from "./sound-formats.js" */
/** @import { SoundFrame } from "./sound-frame.js" */

const FULL_SCALE = 32_768;

export class SoundDecoder {
  #format;
  #decoded;
  #broken;
  /** @type {AudioDecoder | null} */
  #opus = null;

  /**
   * @param {SoundFormat} format
   * @param {(samples: Float32Array<ArrayBuffer>) => void} decoded
   * @param {() => void} broken called when this browser cannot go on
   */
  constructor(format, decoded, broken) {
    this.#format = format;
    this.#decoded = decoded;
    this.#broken = broken;
    this.restart();
  }

  /** Another sound begins. */
  restart() {
    this.close();
    if (this.#format !== "opus") return;
    this.#opus = new AudioDecoder({
      output: (audio) => this.#take(audio),
      error: () => this.#broken(),
    });
    this.#opus.configure(DECODER);
  }

  /** @param {SoundFrame} frame */
  take({ timestamp, payload }) {
    if (this.#format !== "opus") return this.#decoded(samplesOf(payload));
    if (this.#opus?.state !== "configured") return;
    const microseconds = Math.round((timestamp / OPUS_RATE) * 1e6);
    this.#opus.decode(
      new EncodedAudioChunk({ type: "key", timestamp: microseconds, data: payload }),
    );
  }

  /** Idempotent. */
  close() {
    if (this.#opus && this.#opus.state !== "closed") this.#opus.close();
    this.#opus = null;
  }

  /** @param {AudioData} audio */
  #take(audio) {
    const samples = new Float32Array(audio.numberOfFrames);
    audio.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    audio.close();
    this.#decoded(samples);
  }
}

/** @param {Uint8Array} payload 16 bit little-endian */
function samplesOf(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const samples = new Float32Array(payload.byteLength / 2);
  for (let index = 0; index < samples.length; index++) {
    samples[index] = view.getInt16(2 * index, true) / FULL_SCALE;
  }
  return samples;
}
