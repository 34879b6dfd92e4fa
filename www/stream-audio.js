/** Plays an address on an <audio> element as long as it is wanted, and comes back by itself. */

import { Backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";

/** @typedef {"paused" | "starting" | "playing" | "waiting" | "refused"} AudioState */

/**
 * @typedef {Object} StreamAudioEvents
 * @property {AudioState} state
 */

/** @extends {Emitter<StreamAudioEvents>} */
export class StreamAudio extends Emitter {
  #audio;
  #backoff;
  /** @type {AudioState} */
  #state = "paused";
  #address = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {HTMLAudioElement} audio
   * @param {Backoff} [backoff]
   */
  constructor(audio, backoff = new Backoff()) {
    super();
    this.#audio = audio;
    this.#backoff = backoff;
    audio.addEventListener("playing", () => {
      this.#backoff.reset();
      this.#setState("playing");
    });
    // The server ended it, or the network did; both are over some time.
    audio.addEventListener("ended", () => this.#lost());
    audio.addEventListener("error", () => this.#lost());
    audio.addEventListener("pause", () => {
      if (this.#state === "playing" && !audio.ended) this.pause();
    });
  }

  get state() {
    return this.#state;
  }

  /** Whether the person wants to hear. */
  get wanted() {
    return this.#state !== "paused" && this.#state !== "refused";
  }

  /**
   * Play an address from now, not from where it was left.
   *
   * @param {string} address
   */
  play(address) {
    this.#address = address;
    this.#backoff.reset();
    return this.#start();
  }

  /** Stop, and let go of the connection: a paused live sound would only grow old. */
  pause() {
    this.#unload();
    this.#setState("paused");
  }

  /**
   * @param {number} volume 0 to 1
   * @returns {boolean} false where the system keeps the volume to its own buttons
   */
  setVolume(volume) {
    this.#audio.volume = volume;
    return Math.abs(this.#audio.volume - volume) < 0.01;
  }

  async #start() {
    clearTimeout(this.#retry);
    this.#setState("starting");
    this.#audio.src = this.#address;
    try {
      await this.#audio.play();
    } catch (error) {
      // The "error" event tells of all others; an AbortError means that it was paused meanwhile.
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.#unload();
        this.#setState("refused");
      }
    }
  }

  #lost() {
    if (!this.wanted) return;
    this.#setState("waiting");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#start(), this.#backoff.next_ms());
  }

  #unload() {
    clearTimeout(this.#retry);
    this.#state = "paused";
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
  }

  /** @param {AudioState} state */
  #setState(state) {
    this.#state = state;
    this.emit("state", state);
  }
}
