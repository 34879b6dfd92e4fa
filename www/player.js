/** Plays what is received on an <audio> element, and knows when the browser refuses to. */

import { Emitter } from "./emitter.js";

/**
 * @typedef {Object} PlayerEvents
 * @property {boolean} refused whether the browser waits for a tap before it plays
 * @property {boolean} playing
 */

/** @extends {Emitter<PlayerEvents>} */
export class Player extends Emitter {
  #audio;
  #wanted = true;
  #refused = false;

  /** @param {HTMLAudioElement} audio */
  constructor(audio) {
    super();
    this.#audio = audio;
    audio.addEventListener("playing", () => this.#setRefused(false));
    audio.addEventListener("playing", () => this.emit("playing", true));
    // Phones pause for a call; whoever did not ask for that is offered to go on.
    audio.addEventListener("pause", () => {
      this.emit("playing", false);
      const over = !(audio.srcObject instanceof MediaStream && audio.srcObject.active);
      if (this.#wanted && !over) this.#setRefused(true);
    });
  }

  /** Whether the person wants to hear. */
  get wanted() {
    return this.#wanted;
  }

  get refused() {
    return this.#refused;
  }

  /** @param {MediaStream | null} media */
  load(media) {
    this.#audio.srcObject = media;
    if (media && this.#wanted) void this.play();
  }

  /** Play, or find out that it needs a tap. */
  async play() {
    this.#wanted = true;
    if (!this.#audio.srcObject) return;
    try {
      await this.#audio.play();
    } catch (error) {
      // An AbortError means only that another sound was loaded meanwhile.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#setRefused(true);
    }
  }

  pause() {
    this.#wanted = false;
    this.#setRefused(false);
    this.#audio.pause();
  }

  /** @param {boolean} muted for a while, as when the person talks; not the same as paused */
  setMuted(muted) {
    this.#audio.muted = muted;
  }

  /**
   * @param {number} volume 0 to 1
   * @returns {boolean} false where the system keeps the volume to its own buttons, as on iPhones
   */
  setVolume(volume) {
    this.#audio.volume = volume;
    return Math.abs(this.#audio.volume - volume) < 0.01;
  }

  /** @param {boolean} refused */
  #setRefused(refused) {
    if (refused === this.#refused) return;
    this.#refused = refused;
    this.emit("refused", refused);
  }
}
