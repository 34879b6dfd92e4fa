/** What a card does from the moment it finds Earshot until it leaves the dashboard. */

import { Emitter } from "../emitter.js";
import { LATEST, chooseStream } from "../live-streams.js";
import { withheld } from "../microphone.js";
import { Player } from "../player.js";
import { Receiver } from "../receiver.js";
import { RelayClient, socketAddress } from "../relay-client.js";
import { pageTransport } from "../transport-choice.js";
import { wakeWithPage } from "../wake.js";
import { CardSpeaking, isSentHere } from "./speaking.js";

/** @import { StreamDetails } from "../protocol.js" */
/** @import { CardConfig } from "./config.js" */
/** @import { Place } from "./place.js" */

/**
 * @typedef {Object} SessionEvents
 * @property {null} change of anything but the level
 * @property {number} level in dBFS: of the own voice while talking, else of who is on air
 * @property {null} lost the line to Earshot is lost; its place may be another now
 */

/** @extends {Emitter<SessionEvents>} */
export class CardSession extends Emitter {
  #config;
  #player;
  #receiver;
  #end = new AbortController();
  /** @type {StreamDetails | null} */
  #stream = null;
  /** @type {CardSpeaking | null} */
  speaking = null;

  /**
   * @param {Object} options
   * @param {Place} options.place
   * @param {CardConfig} options.config
   * @param {string} options.user
   * @param {HTMLAudioElement} options.audio
   */
  constructor({ place, config, user, audio }) {
    super();
    const { signal } = this.#end;
    this.#config = config;
    this.place = place;
    place.ingress?.hold();
    this.address = config.stream ?? LATEST;
    this.relay = new RelayClient({ url: socketAddress(place.address), WebSocket: place.WebSocket });
    this.#player = new Player(audio);
    this.#receiver = new Receiver(this.relay, {
      accepts: (stream) => this.#accepts(stream),
      transport: pageTransport(),
    });
    if (config.talk && withheld(globalThis) === null) {
      const latches = config.talk !== "hold";
      this.speaking = new CardSpeaking({ place, name: config.name, user, latches, signal });
      this.#follow(this.speaking);
    }
    this.relay.on("state", (state) => {
      if (state === "waiting") this.emit("lost", null);
      this.#changed();
    });
    this.relay.on("streams", () => this.#changed());
    this.relay.on("audio_data", ({ stream_id, level_dbfs }) => {
      if (stream_id === this.#stream?.stream_id && !this.talking) this.emit("level", level_dbfs);
    });
    this.#receiver.on("media", (media) => this.#player.load(media));
    this.#receiver.on("status", () => this.#changed());
    this.#player.on("refused", () => this.#changed());
    document.addEventListener("visibilitychange", () => this.#watch(), { signal });
    wakeWithPage(this.relay, signal);
  }

  /** Go; whoever wants to be told of everything listens by now. */
  begin() {
    this.relay.open();
    if (!this.#config.autoStart) return;
    if (this.#config.listen) this.listen();
    else if (this.speaking) this.speaking.talk.toggle();
  }

  get talking() {
    return this.speaking?.talk.talking === true;
  }

  get hearing() {
    return this.#receiver.status;
  }

  /** Whether the browser waits for a tap before it plays. */
  get refused() {
    return this.#player.refused;
  }

  /** The stream that the card is about, if it is on air. */
  get stream() {
    return this.#stream;
  }

  /** The streams that may be heard, newest last. */
  get others() {
    return this.relay.streams.filter((stream) => !isSentHere(stream));
  }

  /** To be called inside the person's gesture. */
  listen() {
    if (this.hearing.phase === "idle") this.#receiver.follow(this.address);
    void this.#player.play();
    this.#changed();
  }

  stopListening() {
    this.#player.pause();
    this.#receiver.stop();
    this.#changed();
  }

  /** @param {string} address */
  choose(address) {
    this.address = address;
    if (this.hearing.phase !== "idle") this.#receiver.follow(address);
    this.#changed();
  }

  /** Leave nothing open, the microphone least of all. Idempotent. */
  close() {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.speaking?.close();
    this.#player.pause();
    this.#receiver.stop();
    this.relay.close();
    this.#player.load(null);
    this.place.ingress?.release();
  }

  /** @param {CardSpeaking} speaking */
  #follow(speaking) {
    speaking.on("change", () => {
      // Nobody hears himself come back; and the press is a gesture that may unlock the sound too.
      this.#player.setMuted(this.talking);
      if (this.talking && this.refused) void this.#player.play();
      this.#changed();
    });
    speaking.on("level", (level_dbfs) => {
      if (this.talking) this.emit("level", level_dbfs);
    });
  }

  /**
   * Whoever is muted is heard only if nobody else speaks: talkers linger for a while.
   *
   * @param {StreamDetails} stream
   */
  #accepts(stream) {
    if (isSentHere(stream)) return false;
    return !stream.muted || this.others.every(({ muted }) => muted);
  }

  #changed() {
    if (this.#end.signal.aborted) return;
    const accepts = (/** @type {StreamDetails} */ stream) => this.#accepts(stream);
    const streams = this.relay.state === "open" ? this.relay.streams : [];
    const before = this.#stream?.stream_id;
    this.#stream = chooseStream(streams, this.address, this.#stream, accepts);
    if (this.#stream?.stream_id !== before || this.#stream?.muted) this.emit("level", -100);
    this.#watch();
    this.emit("change", null);
  }

  /** Levels cost the relay a decoder: they are asked for only while somebody looks. */
  #watch() {
    const looked = this.#config.show.has("level") && document.visibilityState === "visible";
    this.relay.watch(looked && this.#stream ? [this.#stream.stream_id] : []);
  }
}
