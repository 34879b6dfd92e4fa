/**
 * The page's line to the relay: one WebSocket that keeps itself open, and what is heard over it.
 *
 * Rule 1: it is always in one of four states, and only `#setState` changes it.
 * Rule 2: a line that says nothing is no line: after 9 s of silence it is given up, after 2 s
 * if there is reason to doubt it. Giving up is no goodbye: the media of the line goes on, and
 * the first word on the next line is to take it up again.
 * Rule 3: it knows no page. Time, chance and the socket come in as parameters.
 */

import { Backoff } from "./backoff.js";
import { systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";
import { LiveStreams } from "./live-streams.js";
import { ServerClock } from "./server-clock.js";

/** @import { Clock } from "./clock.js" */
/** @import * as protocol from "./protocol.js" */

const PING_INTERVAL_MS = 5000;
const SILENCE_MS = 4000; // after a ping; with the interval it stays below the 10 s of a lost stream
const DOUBT_MS = 2000; // after a ping that was sent because something else went wrong
const CONNECT_MS = 3000; // a machine that is switched off never refuses, it just stays silent
const LONGEST_WAIT_MS = 2000; // a try costs little, and somebody waits for the sound
const STABLE_MS = 5000; // a socket that lived shorter does not make the next try quicker
const GOODBYE = 1000;
const FULL = 1013; // the relay has no room for another line
const GIVEN_UP = 4000; // unlike a goodbye it leaves the media alone

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
 * @property {protocol.Audience} audience who hears what this line sends
 * @property {protocol.Alert} alert something that somebody wants to be told of
 * @property {protocol.StreamAvailable} started
 * @property {protocol.StreamEnded} ended
 * @property {protocol.SenderReady} sender_ready
 * @property {protocol.ServerOffer} offer
 * @property {protocol.ReceiverReady} receiver_ready
 * @property {ArrayBuffer} frame sound, or the answer to it
 * @property {protocol.ServerAnswer} answer
 * @property {protocol.Resumed} resumed what was sent or received goes on with this line
 * @property {protocol.RelayError} gone it does not; it has to be begun anew
 * @property {protocol.Moved} moved the receiver of this line hears another stream
 * @property {true} roamed this device is in another network: media over the old one is not to be trusted
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
  #triedAt = 0;
  #openedAt = 0;
  #lines = 0;
  #full = false;
  #live = new LiveStreams();
  /** @type {Set<string>} */
  #watched = new Set();
  /** @type {Set<string>} */
  #subscribed = new Set();
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  #knowsStreams = false;
  #time = new ServerClock();
  /** @type {() => string | null} */
  #token = () => null;

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
    this.#backoff = new Backoff({ longest_ms: LONGEST_WAIT_MS, random });
  }

  get state() {
    return this.#state;
  }

  /** Whether the last line was refused because the relay has no room. */
  get full() {
    return this.#full;
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

  /** The relay's clock in milliseconds since 1970, or null before it answered. */
  get time_ms() {
    return this.#time.at(this.#clock.now());
  }

  /**
   * Take up media of a lost line on the next one.
   *
   * @param {() => string | null} token asked at every new line: the token of the media that goes on
   */
  resumeWith(token) {
    this.#token = token;
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
    socket?.close(GOODBYE);
  }

  /** There is reason to doubt the line (the page was asleep, its sound falters): try it now. */
  wake() {
    if (this.#state === "waiting") this.#connect();
    else if (this.#state === "open") this.#ping(DOUBT_MS);
  }

  /** This device has changed its network: what went over the old one is begun anew at once. */
  roam() {
    if (this.#state === "closed") return;
    this.#leaveSocket()?.close(GIVEN_UP);
    this.emit("roamed", true);
    this.#connect();
  }

  /** Compare clocks with the relay once more. */
  askTime() {
    this.send({ type: "ping", id: this.#clock.now() });
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
   * Send sound, or the answer to it; at once or not at all.
   *
   * @param {ArrayBuffer} frame
   * @returns {boolean} whether it was handed to an open socket
   */
  sendFrame(frame) {
    if (this.#state !== "open") return false;
    this.#socket?.send(frame);
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
    this.#triedAt = this.#clock.now();
    const socket = new this.#Socket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#heard(data);
    socket.onclose = (event) => this.#lost(event?.code === FULL);
    this.#cancelTimer = this.#clock.after(CONNECT_MS, () => this.#giveUp());
    this.#setState("connecting");
  }

  #opened() {
    this.#openedAt = this.#clock.now();
    this.#lines += 1;
    this.#expectPing();
    const token = this.#token();
    if (token !== null) this.#say({ type: "resume", token });
    // Before anybody else speaks: the answer has the ICE servers that their offers need.
    this.#say({ type: "get_available_streams", details: true });
    this.#setState("open");
    this.askTime();
  }

  /** @param {protocol.ClientMessage} message */
  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }

  #expectPing() {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(PING_INTERVAL_MS, () => this.#ping());
  }

  #ping(patience_ms = SILENCE_MS) {
    this.#cancelTimer();
    this.askTime();
    this.#cancelTimer = this.#clock.after(patience_ms, () => this.#giveUp());
  }

  #giveUp() {
    const socket = this.#socket;
    this.#lost();
    socket?.close(GIVEN_UP);
  }

  #lost(full = false) {
    this.#full = full;
    this.#leaveSocket();
    this.#cancelTimer();
    const lasted_ms = this.#clock.now() - this.#openedAt;
    if (this.#state === "open" && lasted_ms >= STABLE_MS) this.#backoff.reset();
    // A try that nobody answered was wait enough.
    const tried_ms = this.#state === "connecting" ? this.#clock.now() - this.#triedAt : 0;
    const wait_ms = Math.max(0, this.#backoff.next_ms() - tried_ms);
    this.#cancelTimer = this.#clock.after(wait_ms, () => this.#connect());
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
    if (data instanceof ArrayBuffer) return this.emit("frame", data);
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
      case "pong":
        return this.#compareClocks(message);
      case "error":
        return this.emit(message.request === "resume" ? "gone" : "error", message);
      case "sender_ready":
      case "receiver_ready":
      case "resumed":
      case "moved":
      case "audience":
      case "alert":
      case "audio_data":
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

  /** @param {protocol.Pong} message its id is the time at which we asked */
  #compareClocks({ id, timestamp }) {
    if (typeof id === "number") this.#time.add(id, this.#clock.now(), timestamp * 1000);
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
