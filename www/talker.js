/**
 * Speaks while it is told to, with the microphone open no longer than that.
 *
 * Between two times the stream lives on with silence that the page makes itself, so that the next
 * word is heard at once and nobody takes the pause for a loss.
 */

import { Emitter } from "./emitter.js";
import { Microphone } from "./microphone.js";
import { Sender } from "./sender.js";
import { Silence } from "./silence.js";
import { TrackLevel } from "./track-level.js";
import { pageTransport } from "./transport-choice.js";

/** @import { StreamDetails } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

/**
 * @typedef {Object} TalkerEvents
 * @property {null} change of `status` or `opening`
 * @property {number} level of the own voice in dBFS, ten times a second
 * @property {null} vanished the microphone is gone
 */

/** @extends {Emitter<TalkerEvents>} */
export class Talker extends Emitter {
  #sender;
  #talking = false;
  #opening = false;
  /** @type {Silence | null} */
  #silence = null;
  /** @type {TrackLevel | null} */
  #level = null;

  /**
   * @param {RelayClient} relay a line of its own: one socket sends one stream
   * @param {Object} options
   * @param {string} options.deviceId
   * @param {MediaDevices} [options.media]
   * @param {import("./transport-choice.js").TransportChoice} [options.transport]
   * @param {AbortSignal} [options.signal] after it no change of devices is looked at
   */
  constructor(relay, { deviceId, media = navigator.mediaDevices, transport = pageTransport(), signal }) {
    super();
    this.#sender = new Sender(relay, { deviceId, transport });
    this.#sender.on("status", () => this.emit("change", null));
    this.microphone = new Microphone(media, signal);
    this.microphone.on("vanished", () => this.emit("vanished", null));
  }

  get status() {
    return this.#sender.status;
  }

  /** Whether the microphone is on its way; the browser may be asking the person. */
  get opening() {
    return this.#opening;
  }

  /**
   * Whether a stream is the one that is sent here.
   *
   * @param {StreamDetails} stream
   */
  sends({ stream_id, slug }) {
    const { status } = this.#sender;
    return stream_id === status.stream?.stream_id || (slug !== null && slug === status.slug);
  }

  /**
   * Be heard. To be called inside the person's gesture.
   *
   * @param {string} name of the stream, if none is sent yet
   * @param {string} [microphoneId] empty for the standard one
   * @throws {DOMException} if the person, the system or the browser refuses the microphone
   */
  async speak(name, microphoneId = "") {
    this.#talking = true;
    // Made and woken inside the gesture; outside of one it would stay asleep.
    this.#silence ??= new Silence();
    this.#silence.resume();
    const track = await this.#open(microphoneId);
    if (!track) return;
    this.#level ??= new TrackLevel((level_dbfs) => this.emit("level", level_dbfs));
    this.#level.follow(track);
    if (this.#sender.status.phase === "idle") {
      this.#sender.start({ name, muted: false, track });
    } else {
      await this.#sender.replaceTrack(track);
      this.#sender.setMuted(!this.#talking);
    }
  }

  /** Not to be heard any more, with the stream kept. Idempotent. */
  fallSilent() {
    this.#talking = false;
    this.microphone.close();
    this.#level?.follow(null);
    if (this.#silence) void this.#sender.replaceTrack(this.#silence.track);
    this.#sender.setMuted(true);
  }

  /** End the stream; the next word begins another one. Idempotent. */
  stop() {
    this.#sender.stop();
  }

  /** Try again now what is lost. */
  retry() {
    this.#sender.retry();
  }

  /** Let go of everything for good. Idempotent. */
  close() {
    this.fallSilent();
    this.stop();
    this.#level?.close();
    this.#silence?.close();
  }

  /** @param {string} deviceId */
  async #open(deviceId) {
    this.#setOpening(true);
    try {
      return await this.microphone.open({ deviceId, profile: "voice" });
    } finally {
      this.#setOpening(false);
    }
  }

  /** @param {boolean} opening */
  #setOpening(opening) {
    this.#opening = opening;
    this.emit("change", null);
  }
}
