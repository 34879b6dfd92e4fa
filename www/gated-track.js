/** A microphone's track behind the noise gate: a track of its own, which is silent while the gate is closed. */

import { systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";

/** @import { Clock } from "./clock.js" */

const START_MS = 4000; // a browser that may sound needs far less

/** @extends {Emitter<{open: boolean}>} */
export class GatedTrack extends Emitter {
  #context = new AudioContext({ latencyHint: "interactive" });
  #destination = new MediaStreamAudioDestinationNode(this.#context, { channelCount: 1 });
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {Promise<AudioWorkletNode>} */
  #node;
  #threshold_dbfs;
  #clock;

  /**
   * @param {number} threshold_dbfs
   * @param {Clock} [clock]
   */
  constructor(threshold_dbfs, clock = systemClock) {
    super();
    this.#threshold_dbfs = threshold_dbfs;
    this.#clock = clock;
    this.#node = this.#make();
    this.#node.catch(() => {}); // told to who asks for the track
  }

  /** @param {number} threshold_dbfs */
  set threshold_dbfs(threshold_dbfs) {
    this.#threshold_dbfs = threshold_dbfs;
    void this.#node.then(({ port }) => port.postMessage(threshold_dbfs)).catch(() => {});
  }

  /**
   * Put a microphone before the gate, in place of another.
   *
   * @param {MediaStreamTrack} track
   * @returns {Promise<MediaStreamTrack>} the same one for every microphone
   * @throws {Error} where the browser has no gate to offer, or does not let it run
   */
  async follow(track) {
    await this.#run();
    const node = await this.#node;
    this.#source?.disconnect();
    const mediaStream = new MediaStream([track]);
    this.#source = new MediaStreamAudioSourceNode(this.#context, { mediaStream });
    this.#source.connect(node);
    return this.#destination.stream.getAudioTracks()[0];
  }

  /** Idempotent. */
  close() {
    if (this.#context.state !== "closed") void this.#context.close();
  }

  /** A gate that stands still would hold everything back, and nobody would know. */
  async #run() {
    const late = new Promise((resolve) => this.#clock.after(START_MS, () => resolve(null)));
    await Promise.race([this.#context.resume(), late]);
    if (this.#context.state !== "running") throw new Error("the sound of this page does not run");
    this.#context.onstatechange = () => {
      if (this.#context.state === "suspended") void this.#context.resume();
    };
  }

  async #make() {
    await this.#context.audioWorklet.addModule(new URL("gate-worklet.js", import.meta.url).href);
    const node = new AudioWorkletNode(this.#context, "gate", {
      channelCount: 1,
      channelCountMode: "explicit",
      outputChannelCount: [1],
    });
    node.port.onmessage = ({ data }) => this.emit("open", data);
    node.port.postMessage(this.#threshold_dbfs);
    node.connect(this.#destination);
    return node;
  }
}
