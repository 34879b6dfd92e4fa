/**
 * The half of a card that speaks.
 *
 * Its line is opened with the first word and closed some time after the last one: a dashboard that
 * only hangs on the wall costs the relay nothing for it.
 */

import { guessName } from "../device-name.js";
import { Emitter } from "../emitter.js";
import { deviceId } from "../memory.js";
import { OwnAudience } from "../own-audience.js";
import { PushToTalk } from "../push-to-talk.js";
import { RelayClient, socketAddress } from "../relay-client.js";
import { Talker } from "../talker.js";
import { wakeWithPage } from "../wake.js";

/** @import { Audience, StreamDetails } from "../protocol.js" */
/** @import { Place } from "./place.js" */
/** @import { Talk } from "./status.js" */
/** @import { Trouble } from "./phrases.js" */

const LINGER_MS = 30_000; // a conversation's pauses are shorter; after that the stream ends
const LONGEST_NAME = 40;
const NAMES_TRIED = 9; // tablets of one kind and one user

/** All that speak on this page: no card plays what another one beside it sends. @type {Set<Talker>} */
const talkers = new Set();

/**
 * Whether a stream is sent by any card of this page.
 *
 * @param {StreamDetails} stream
 */
export function isSentHere(stream) {
  return [...talkers].some((talker) => talker.sends(stream));
}

/** @extends {Emitter<{change: null, level: number}>} */
export class CardSpeaking extends Emitter {
  #relay;
  #talker;
  #audience;
  #name;
  #nameIsChosen;
  #tries = 1;
  #spoke = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #lingering;
  /** @type {Trouble | null} */
  #trouble = null;

  /**
   * @param {Object} options
   * @param {Place} options.place where Earshot is
   * @param {string | null} options.name chosen by a person; null: of the user and the device
   * @param {string} options.user
   * @param {boolean} options.latches whether a tap goes on talking
   * @param {AbortSignal} options.signal
   */
  constructor({ place, name, user, latches, signal }) {
    super();
    this.#nameIsChosen = name !== null;
    this.#name = name ?? nameOf(user, guessName(navigator.userAgent));
    this.#relay = new RelayClient({ url: socketAddress(place.address), WebSocket: place.WebSocket });
    wakeWithPage(this.#relay, signal);
    this.#audience = new OwnAudience(this.#relay);
    this.#talker = new Talker(this.#relay, { deviceId: `${deviceId()}-card`, signal });
    talkers.add(this.#talker);
    this.talk = new PushToTalk({ latches });
    this.talk.on("state", () => this.#talkChanged());
    this.#audience.on("change", () => this.emit("change", null));
    this.#talker.on("change", () => this.#talkerChanged());
    this.#talker.on("level", (level_dbfs) => this.emit("level", level_dbfs));
    this.#talker.on("vanished", () => this.#stumble({ code: "microphone_gone" }));
  }

  /** @returns {Talk | null} null: nobody talks */
  get status() {
    if (!this.talk.talking) return null;
    return { opening: this.#talker.opening, phase: this.#talker.status.phase, name: this.spokenName };
  }

  /** What went wrong with the last word. */
  get trouble() {
    return this.#trouble;
  }

  /** @returns {Audience | null} null while nobody was told */
  get audience() {
    return this.#audience.of(this.#talker.status.stream?.stream_id);
  }

  /** Under which it is on air. */
  get spokenName() {
    if (this.#tries === 1) return this.#name;
    const mark = ` ${this.#tries}`;
    return this.#name.slice(0, LONGEST_NAME - mark.length) + mark;
  }

  /** Let go of the microphone and of everything else. Idempotent. */
  close() {
    this.talk.reset();
    clearTimeout(this.#lingering);
    talkers.delete(this.#talker);
    this.#talker.close();
    this.#relay.close();
  }

  #talkChanged() {
    const { talking } = this.talk;
    if (talking && !this.#spoke) void this.#speak();
    if (!talking && this.#spoke) this.#fallSilent();
    this.#spoke = talking;
    this.emit("change", null);
  }

  async #speak() {
    clearTimeout(this.#lingering);
    this.#trouble = null;
    this.#relay.open();
    try {
      await this.#talker.speak(this.spokenName);
    } catch (error) {
      this.#stumble({ code: "microphone", error });
    }
  }

  #fallSilent() {
    this.#talker.fallSilent();
    this.#lingering = setTimeout(() => {
      this.#talker.stop();
      this.#relay.close();
    }, LINGER_MS);
  }

  #talkerChanged() {
    const { phase, error } = this.#talker.status;
    if (phase === "refused" && error) {
      this.#talker.stop();
      if (error.code === "name_taken" && this.#mayTakeAnotherName) return this.#takeAnotherName();
      this.#stumble(error);
    } else if (error && this.talk.talking) {
      this.#trouble = error; // it is tried again
    } else if (phase === "live") {
      this.#trouble = null;
    }
    this.emit("change", null);
  }

  get #mayTakeAnotherName() {
    return !this.#nameIsChosen && this.talk.talking && this.#tries < NAMES_TRIED;
  }

  #takeAnotherName() {
    this.#tries += 1;
    void this.#speak();
  }

  /** @param {Trouble} trouble */
  #stumble(trouble) {
    this.talk.reset();
    this.#trouble = trouble;
    this.emit("change", null);
  }
}

/**
 * @param {string} user
 * @param {string} device
 */
function nameOf(user, device) {
  const room = LONGEST_NAME - device.length - 3;
  const short = user.trim().slice(0, room);
  return short ? `${short} (${device})` : device;
}
