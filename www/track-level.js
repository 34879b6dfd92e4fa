/** How loud a track is, ten times a second, while the page is seen. */

import { amplitude_dbfs, level_dbfs } from "./loudness.js";

const INTERVAL_MS = 100;

export class TrackLevel {
  #context = new AudioContext();
  #analyser = new AnalyserNode(this.#context, { fftSize: 2048 });
  #samples = new Float32Array(this.#analyser.fftSize);
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #show;

  /** @param {(level_dbfs: number, peak_dbfs: number) => void} show */
  constructor(show) {
    this.#show = show;
  }

  /**
   * Follow a track, or none.
   *
   * @param {MediaStreamTrack | null} track
   */
  follow(track) {
    this.#source?.disconnect();
    this.#source = null;
    clearInterval(this.#timer);
    this.#show(-100, -100);
    if (!track) return void this.#context.suspend();
    void this.#context.resume();
    const stream = new MediaStream([track]);
    this.#source = new MediaStreamAudioSourceNode(this.#context, { mediaStream: stream });
    this.#source.connect(this.#analyser);
    this.#timer = setInterval(() => this.#measure(), INTERVAL_MS);
  }

  /** Follow nothing any more, and give the system's sound back. Idempotent. */
  close() {
    if (this.#context.state === "closed") return;
    this.follow(null);
    void this.#context.close();
  }

  #measure() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const peak = this.#samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    this.#show(level_dbfs(this.#samples), amplitude_dbfs(peak));
  }
}
