/** One microphone sent over the line itself; to its owner it is like a `SendingSession`. */

import { SoundEncoder } from "./sound-encoder.js";
import { OPUS_FRAME, OPUS_RATE } from "./sound-formats.js";
import { WINDOW, packSound, parseHeard } from "./sound-frame.js";

/** @import { SenderReady } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

export class SocketSendingSession {
  #relay;
  #changed;
  #context = new AudioContext({ sampleRate: OPUS_RATE, latencyHint: "interactive" });
  #track;
  /** @type {SoundEncoder | null} */
  #encoder = null;
  /** @type {AudioWorkletNode | null} */
  #capture = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #timestamp = 0;
  #sequence = 0;
  #heard = 0; // behind the newest frame that the relay answered
  /** @type {(() => void)[]} */
  #forget = [];
  /** @type {string | null} */
  streamId = null;
  connected = false;
  broken = false;
  away = false;
  outdated = false;
  unreachable = false;
  overSocket = true;

  /**
   * @param {Object} options
   * @param {RelayClient} options.relay
   * @param {MediaStreamTrack} options.track
   * @param {string | null} options.slug the address the relay gave the name
   * @param {string} options.token what it is taken up again with on another line
   * @param {() => void} options.changed called when it begins, loses its line or breaks
   */
  constructor({ relay, track, slug, token, changed }) {
    this.slug = slug;
    this.token = token;
    this.#relay = relay;
    this.#track = track;
    this.#changed = changed;
  }

  /** There is nothing to be agreed upon. */
  async accept() {}

  /**
   * Send from now on.
   *
   * @param {SenderReady} ready
   * @returns {Promise<null>} nothing is left to be agreed upon
   */
  async begin({ format = "opus" }) {
    this.#encoder = new SoundEncoder(
      format,
      (payload, timestamp) => this.#send(payload, timestamp),
      () => this.#break(),
    );
    this.#forget = [
      this.#relay.on("frame", (data) => this.#answered(data)),
      this.#relay.on("state", () => this.#lineChanged()),
    ];
    const module = new URL("capture-worklet.js", import.meta.url).href;
    await this.#context.audioWorklet.addModule(module);
    if (this.#context.state === "closed") return null;
    this.#capture = new AudioWorkletNode(this.#context, "capture", { numberOfOutputs: 0 });
    this.#capture.port.onmessage = ({ data }) => this.#captured(data);
    this.#listenTo(this.#track);
    await this.#context.resume();
    this.#lineChanged();
    return null;
  }

  get negotiated() {
    return this.connected;
  }

  get lasting() {
    return this.#capture !== null && !this.broken && !this.away && !this.outdated;
  }

  /** @param {MediaStreamTrack} track */
  async replaceTrack(track) {
    this.#track = track;
    if (this.#capture) this.#listenTo(track);
  }

  /** Idempotent. */
  close() {
    for (const forget of this.#forget) forget();
    this.#forget = [];
    this.#encoder?.close();
    if (this.#context.state !== "closed") void this.#context.close();
  }

  /** @param {MediaStreamTrack} track */
  #listenTo(track) {
    this.#source?.disconnect();
    const mediaStream = new MediaStream([track]);
    this.#source = new MediaStreamAudioSourceNode(this.#context, { mediaStream });
    if (this.#capture) this.#source.connect(this.#capture);
  }

  #lineChanged() {
    const connected = this.#relay.state === "open";
    if (connected && !this.connected) this.#heard = this.#sequence; // what was under way is lost
    this.connected = connected;
    this.away &&= !connected;
    this.#changed();
  }

  #break() {
    this.broken = true;
    this.#changed();
  }

  /** @param {Float32Array<ArrayBuffer>} samples */
  #captured(samples) {
    this.#encoder?.take(samples, this.#timestamp);
    this.#timestamp += OPUS_FRAME;
  }

  /**
   * @param {Uint8Array} payload
   * @param {number} timestamp
   */
  #send(payload, timestamp) {
    // A slow line loses sound, and stays live.
    if (!this.connected || this.#sequence - this.#heard >= WINDOW) return;
    if (this.#relay.sendFrame(packSound(this.#sequence, timestamp, payload))) this.#sequence += 1;
  }

  /** @param {ArrayBuffer} data */
  #answered(data) {
    const heard = parseHeard(data);
    if (heard === null) return;
    const ago = (this.#sequence - heard) & 0xffff;
    if (ago > 0 && ago <= WINDOW) this.#heard = Math.max(this.#heard, this.#sequence - ago + 1);
  }
}
