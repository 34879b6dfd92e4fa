/** Plays a stream from a while ago on, a little faster than it was, until it has caught up. */

import { Emitter } from "./emitter.js";

/** Voices keep their pitch, and are still easy to follow. */
export const RATE = 1.25;

/**
 * Chromium reads 32 KiB at a time: of the sender's own Opus those are eight seconds, at which
 * it would never arrive, and of this less than one.
 */
const DENSE = "bitrate=320";

/** So far behind what is live an address of sound is anyway: then there is nothing to gain. */
const CAUGHT_UP_S = 1;

/** Where the sound runs out this near to what is live, it is all that there is. */
const NEAR_S = 5;

const LOOK_MS = 250;

/**
 * @typedef {Object} PastEvents
 * @property {number | null} position in seconds behind what is live; null: it plays no past any more
 */

/** @extends {Emitter<PastEvents>} */
export class PastPlayer extends Emitter {
  #audio;
  #now;
  #back_s = 0;
  #askedAt = 0;
  /** @type {string | null} */
  #address = null;
  #timer = 0;

  /**
   * @param {HTMLAudioElement} audio an element of its own
   * @param {() => number} [now] in milliseconds
   */
  constructor(audio, now = () => performance.now()) {
    super();
    this.#audio = audio;
    this.#now = now;
    audio.addEventListener("waiting", () => this.#ranOut());
    audio.addEventListener("ended", () => this.stop());
    audio.addEventListener("error", () => this.stop());
  }

  /** The stream whose past is heard, null while none is. */
  get address() {
    return this.#address;
  }

  /** How far behind what is live is heard now, in seconds. */
  get behind_s() {
    const passed_s = (this.#now() - this.#askedAt) / 1000;
    return this.#back_s + passed_s - this.#audio.currentTime;
  }

  /**
   * Hear a stream from so long ago; to be called by a gesture, for browsers that want one.
   *
   * @param {string} address a slug or an id
   * @param {number} back_s
   */
  play(address, back_s) {
    this.#address = address;
    this.#back_s = Math.round(back_s);
    this.#askedAt = this.#now();
    this.#audio.src = `stream/${encodeURIComponent(address)}.mp3?back=${this.#back_s}&${DENSE}`;
    this.#audio.playbackRate = this.#audio.defaultPlaybackRate = RATE;
    this.#audio.play().catch((/** @type {DOMException} */ error) => {
      // An AbortError means only that another past was asked for meanwhile.
      if (error.name !== "AbortError") this.stop();
    });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.emit("position", this.behind_s);
  }

  /**
   * Take note that no more was kept than this: it began later than it was asked for.
   *
   * @param {number} kept_s
   */
  limit(kept_s) {
    this.#back_s = Math.min(this.#back_s, kept_s);
  }

  /** Be silent. Idempotent. */
  stop() {
    if (this.#address === null) return;
    this.#address = null;
    clearInterval(this.#timer);
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load(); // lets go of the connection
    this.emit("position", null);
  }

  /**
   * @param {number} volume 0 to 1
   * @returns {boolean} as `Player.setVolume` does
   */
  setVolume(volume) {
    this.#audio.volume = volume;
    return Math.abs(this.#audio.volume - volume) < 0.01;
  }

  #look() {
    if (this.behind_s <= CAUGHT_UP_S) this.stop();
    else this.emit("position", this.behind_s);
  }

  #ranOut() {
    if (this.#audio.currentTime > 0 && this.behind_s < NEAR_S) this.stop();
  }
}
