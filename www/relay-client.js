/**
 * The page's line to the relay: one WebSocket that keeps itself open, and what is heard over it.
 *
 * Rule 1: it is always in one of four states, and only `#setState` changes it.
 * Rule 2: a line that says nothing is no line: after 9 s of silence it is given up.
 * Rule 3: it knows no page. Time, chance and the socket come in as parameters.
 */

import { Backoff } from "./backoff.js";
import { systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";
import { LiveStreams } from "./live-streams.js";

/** @import { Clock } from "./clock.js" */
/** @import * as protocol from "./protocol.js" */

const PING_INTERVAL_MS = 5000;
const SILENCE_MS = 4000; // after a ping; with the interval it stays below the 10 s of a lost stream
const CONNECT_MS = 6000; // a machine that is switched off never refuses, it just stays silent
const STABLE_MS = 5000; // a socket that lived shorter does not make the next try quicker

/**
 * - `closed`: not wanted.
 * - `connecting`: a socket is on its way.
 * - `open`: the relay answers.
 * - `waiting`: lost or refused; the next try has its time.
 *
 * @typedef {"closed" | "connecting" | "open" | "waiting"} LineState
 */

/**
 * @typedef {Object} RelayEvents
 * @property {LineState} state
 * @property {protocol.StreamDetails[]} streams the live streams, newest last, whenever they change
 * @property {protocol.StreamAvailable} started
 * @property {protocol.StreamEnded} ended
 * @property {protocol.SenderReady} sender_ready
 * @property {protocol.ServerOffer} offer
 * @property {protocol.ServerAnswer} answer
 * @property {protocol.AudioData} audio_data
 * @property {protocol.RelayError} error
 */

/** @extends {Emitter<RelayEvents>} */
export class RelayClient extends Emitter {
  #url;
  #Socket;
  #clock;
  #backoff;
  /** @type {LineState} */
  #state = "closed";
  /** @type {WebSocket | null} */
  #socket = null;
  #cancelTimer = () => {};
  #openedAt = 0;
  #lines = 0;
  #live = new LiveStreams();
  /** @type {Set<string>} */
  #watched = new Set();
  /** @type {Set<string>} */
  #subscribed = new Set();
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  #knowsStreams = false;

  /**
   * @param {Object} options
   * @param {string} options.url ws:// or wss://
   * @param {typeof WebSocket} [options.WebSocket]
   * @param {Clock} [options.clock]
   * @param {() => number} [options.random]
   */
  constructor({
    url,
    WebSocket = globalThis.WebSocket,
    clock = systemClock,
    random = Math.random,
  }) {
    super();
    this.#url = url;
    this.#Socket = WebSocket;
    this.#clock = clock;
    this.#backoff = new Backoff({ random });
  }

  get state() {
    return this.#state;
  }

  /** The live streams, newest last; what was known last while the line is down. */
  get streams() {
    return this.#live.list;
  }

  /** Whether the list of streams was told since the line is open. */
  get knowsStreams() {
    return this.#knowsStreams;
  }

  /** As the relay told them. */
  get iceServers() {
    return this.#iceServers;
  }

  /** Counts the lines: a peer connection belongs to the line that made it. */
  get line() {
    return this.#lines;
  }

  /** Open the line and keep it open until `close`. */
  open() {
    if (this.#state === "closed") this.#connect();
  }

  /** Say goodbye, which ends the media of this line too. Idempotent. */
  close() {
    this.#cancelTimer();
    const socket = this.#leaveSocket();
    this.#setState("closed");
    socket?.close(1000);
  }

  /** Something woke the page up (the network is back, it is looked at again): try now. */
  wake() {
    if (this.#state === "waiting") this.#connect();
    else if (this.#state === "open") this.#ping();
  }

  /**
   * Say something, if anybody is there.
   *
   * @param {protocol.ClientMessage} message
   * @returns {boolean} whether it was handed to an open socket
   */
  send(message) {
    if (this.#state !== "open") return false;
    this.#say(message);
    return true;
  }

  /**
   * Have the levels of exactly these streams told, over all lost lines.
   *
   * @param {Iterable<string>} streamIds
   */
  watch(streamIds) {
    this.#watched = new Set(streamIds);
    this.#adjustSubscriptions();
  }

  #connect() {
    this.#cancelTimer();
    const socket = new this.#Socket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#heard(data);
    socket.onclose = () => this.#lost();
    this.#cancelTimer = this.#clock.after(CONNECT_MS, () => this.#giveUp());
    this.#setState("connecting");
  }

  #opened() {
    this.#openedAt = this.#clock.now();
    this.#lines += 1;
    this.#expectPing();
    // Before anybody else speaks: the answer has the ICE servers that their offers need.
    this.#say({ type: "get_available_streams", details: true });
    this.#setState("open");
  }

  /** @param {protocol.ClientMessage} message */
  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }

  #expectPing() {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(PING_INTERVAL_MS, () => this.#ping());
  }

  #ping() {
    this.#cancelTimer();
    this.send({ type: "ping", id: Math.round(this.#clock.now()) });
    this.#cancelTimer = this.#clock.after(SILENCE_MS, () => this.#giveUp());
  }

  #giveUp() {
    const socket = this.#socket;
    this.#lost();
    socket?.close();
  }

  #lost() {
    this.#leaveSocket();
    this.#cancelTimer();
    const lasted_ms = this.#clock.now() - this.#openedAt;
    if (this.#state === "open" && lasted_ms >= STABLE_MS) this.#backoff.reset();
    this.#cancelTimer = this.#clock.after(this.#backoff.next_ms(), () => this.#connect());
    this.#setState("waiting");
  }

  #leaveSocket() {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = null;
    this.#subscribed.clear();
    this.#knowsStreams = false;
    return socket;
  }

  /** @param {LineState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.emit("state", state);
  }

  /** @param {unknown} data */
  #heard(data) {
    this.#expectPing();
    const message = parse(data);
    if (message) this.#dispatch(message);
  }

  /** @param {protocol.ServerMessage} message */
  #dispatch(message) {
    switch (message.type) {
      case "available_streams":
        return this.#listed(message);
      case "stream_available":
        this.#live.add(message);
        this.#streamsChanged();
        this.emit("started", message);
        // The announcement does not say whether the sender is muted.
        this.send({ type: "get_available_streams", details: true });
        return;
      case "stream_changed":
        if (this.#live.change(message.stream)) this.#streamsChanged();
        return;
      case "stream_ended":
        this.#live.remove(message.stream_id);
        this.#subscribed.delete(message.stream_id);
        this.emit("ended", message);
        this.#streamsChanged();
        return;
      case "webrtc_offer":
        return this.emit("offer", message);
      case "webrtc_answer":
        return this.emit("answer", message);
      case "sender_ready":
      case "audio_data":
      case "error":
        return this.emit(message.type, /** @type {any} */ (message));
    }
  }

  /** @param {protocol.AvailableStreams} message */
  #listed(message) {
    if (message.ice_servers) this.#iceServers = message.ice_servers;
    this.#live.replace(message.streams, message.details);
    // The greeting has ids alone; names follow within a moment.
    this.#knowsStreams ||= message.details !== undefined;
    if (this.#knowsStreams) this.#streamsChanged();
  }

  #streamsChanged() {
    this.#adjustSubscriptions();
    this.emit("streams", this.streams);
  }

  #adjustSubscriptions() {
    if (!this.#knowsStreams) return;
    for (const id of this.#subscribed) {
      if (this.#watched.has(id)) continue;
      this.#subscribed.delete(id);
      this.send({ type: "unsubscribe_visualization", stream_id: id });
    }
    for (const id of this.#watched) {
      if (this.#subscribed.has(id) || !this.#live.has(id)) continue;
      this.#subscribed.add(id);
      this.send({ type: "subscribe_visualization", stream_id: id });
    }
  }
}

/**
 * The address of the relay's socket, beside the page whatever path it is served under.
 *
 * @param {string} pageAddress
 */
export function socketAddress(pageAddress) {
  const url = new URL("ws", pageAddress);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/**
 * @param {unknown} data
 * @returns {protocol.ServerMessage | null} null for what is no message
 */
function parse(data) {
  try {
    const message = JSON.parse(String(data));
    return message && typeof message === "object" ? message : null;
  } catch {
    return null;
  }
}
