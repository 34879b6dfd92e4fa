/**
 * Hears one stream and stays with its name: through restarts of the sender, of the relay, of the network.
 *
 * Rule 1: what the page is told is worked out from facts by `judge`, nowhere else.
 * Rule 2: sound that flows is never cut for tidiness. A new connection takes over only once it
 * stands, and a lost line to the relay alone is no lost sound: the next line takes it up again.
 */

import { Backoff } from "./backoff.js";
import { every, systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";
import { judge } from "./hearing-status.js";
import { findStream } from "./live-streams.js";
import { ReceivingSession } from "./receiving-session.js";

/** @import { Clock } from "./clock.js" */
/** @import { Status } from "./hearing-status.js" */
/** @import { RelayError, ServerOffer, StreamDetails } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

const LOOK_INTERVAL_MS = 1000;
const JOIN_MS = 16_000; // the relay gives up after 15 s and says why; this is for a relay that does not

/**
 * @typedef {Object} ReceiverEvents
 * @property {Status} status
 * @property {MediaStream | null} media what is to be played
 * @property {RTCStatsReport} report once a second while connected
 */

/** @extends {Emitter<ReceiverEvents>} */
export class Receiver extends Emitter {
  #relay;
  #Peer;
  #clock;
  #backoff;
  #accepts;
  #wanted = false;
  /** @type {string | null} */
  #address = null;
  #heard = false;
  /** @type {string | null} */
  #endReason = null;
  /** @type {StreamDetails | null} */
  #stream = null;
  /** @type {ReceivingSession | null} */
  #session = null;
  /** @type {ReceivingSession | null} */
  #next = null;
  /** @type {ReceivingSession | null} */
  #resuming = null;
  /** @type {{streamId: string, line: number} | null} */
  #asked = null;
  /** @type {RelayError | null} */
  #error = null;
  #resting = false;
  #cancelJoin = () => {};
  #cancelRest = () => {};
  #endLooking = () => {};
  /** @type {Status} */
  #status = { phase: "idle", reason: null, stream: null, error: null, endReason: null };

  /**
   * @param {RelayClient} relay a line of its own: one socket hears one stream
   * @param {Object} [options]
   * @param {typeof RTCPeerConnection} [options.RTCPeerConnection]
   * @param {Clock} [options.clock]
   * @param {() => number} [options.random]
   * @param {(stream: StreamDetails) => boolean} [options.accepts] what may be chosen when any will do
   */
  constructor(
    relay,
    {
      RTCPeerConnection = globalThis.RTCPeerConnection,
      clock = systemClock,
      random = Math.random,
      accepts = () => true,
    } = {},
  ) {
    super();
    this.#relay = relay;
    this.#Peer = RTCPeerConnection;
    this.#clock = clock;
    this.#backoff = new Backoff({ random });
    this.#accepts = accepts;
    relay.resumeWith(() => this.#tokenToResume());
    relay.on("state", () => this.#lineChanged());
    relay.on("moved", () => this.#moved());
    relay.on("resumed", ({ resume_token }) => this.#resumed(resume_token));
    relay.on("gone", () => this.#resumed(null));
    relay.on("ended", ({ stream_id, reason }) => {
      if (stream_id === this.#stream?.stream_id) this.#endReason = reason;
    });
    relay.on("streams", () => this.#reconsider());
    relay.on("offer", (offer) => void this.#offered(offer));
    relay.on("error", (error) => this.#refused(error));
  }

  get status() {
    return this.#status;
  }

  /** What is to be played now. */
  get media() {
    return this.#session?.media ?? null;
  }

  /**
   * Hear a stream from now on.
   *
   * @param {string | null} address an id, a slug or a name; null: the newest, and then to stay with it
   */
  follow(address) {
    this.#leave();
    this.#wanted = true;
    this.#address = address;
    this.#endLooking = every(this.#clock, LOOK_INTERVAL_MS, () => void this.#look());
    this.#reconsider();
  }

  /** Hear nothing any more. Idempotent. */
  stop() {
    this.#leave();
    this.#judge();
  }

  #leave() {
    this.#endLooking();
    this.#cancelRest();
    if (this.#asked || this.#session) this.#relay.send({ type: "stop_stream" });
    this.#forgetAsking();
    this.#dropSession();
    this.#resuming = null;
    this.#wanted = this.#heard = this.#resting = false;
    this.#stream = this.#error = this.#endReason = null;
    this.#backoff.reset();
  }

  /** Try again now instead of after the pause. */
  retry() {
    this.#cancelRest();
    this.#resting = false;
    this.#relay.wake();
    this.#reconsider();
  }

  #lineChanged() {
    if (this.#relay.state === "open") return; // its list of streams comes next
    this.#resuming = null;
    if (!this.#next?.lasting) this.#forgetAsking();
    this.#judge();
  }

  /** This device is in another network: what stands may sound until something better does. */
  #moved() {
    if (this.#session) this.#session.outdated = true;
    this.#forgetAsking();
  }

  #tokenToResume() {
    const newest = this.#next ?? this.#session;
    this.#resuming = newest?.lasting ? newest : null;
    return this.#resuming?.token ?? null;
  }

  /** @param {string | null} token the next one; null: there was nothing to resume */
  #resumed(token) {
    const session = this.#resuming;
    if (!session) return;
    this.#resuming = null;
    if (token === null) {
      this.#forgetAsking();
    } else {
      session.token = token;
      session.line = this.#relay.line;
      if (session === this.#next && this.#asked) this.#asked.line = session.line;
    }
    void this.#look(); // its packets may be back since the last look
  }

  /** Compare what is wanted with what is there, and ask for what is missing. */
  #reconsider() {
    if (!this.#wanted) return;
    const live = this.#find();
    if (live) this.#stream = live;
    if (live && this.#relay.knowsStreams && this.#needs(live)) this.#ask(live);
    this.#judge();
  }

  /** @returns {StreamDetails | null} */
  #find() {
    if (!this.#relay.knowsStreams) return null;
    const { streams } = this.#relay;
    if (this.#address !== null) return findStream(streams, this.#address);
    const same = this.#stream && findStream(streams, this.#stream.stream_id);
    return same ?? findStream(streams.filter(this.#accepts), null);
  }

  /** @param {StreamDetails} live */
  #needs(live) {
    const { line } = this.#relay;
    const here = (/** @type {{streamId: string, line: number} | null} */ session) =>
      session?.streamId === live.stream_id && session.line === line;
    if (this.#resting || this.#resuming || here(this.#asked)) return false;
    return !(this.#session && here(this.#session) && !this.#gone(this.#session, live));
  }

  /**
   * Whether a connection is of no use any more. A sender that went silent is no reason:
   * its packets come back over the same connection.
   *
   * @param {ReceivingSession} session
   * @param {StreamDetails} live
   */
  #gone(session, live) {
    return session.broken || (!session.flowing && live.state === "live");
  }

  /** @param {StreamDetails} live */
  #ask(live) {
    this.#forgetAsking();
    this.#asked = { streamId: live.stream_id, line: this.#relay.line };
    this.#relay.send({ type: "start_receiving", stream_id: live.stream_id });
    this.#cancelJoin = this.#clock.after(JOIN_MS, () => this.#rest());
  }

  #forgetAsking() {
    this.#cancelJoin();
    this.#asked = null;
    this.#next?.close();
    this.#next = null;
  }

  /** @param {ServerOffer} message */
  async #offered({ offer, stream_id, resume_token }) {
    const asked = this.#asked;
    if (!asked || asked.streamId !== stream_id) return;
    this.#next?.close();
    const session = new ReceivingSession({
      RTCPeerConnection: this.#Peer,
      iceServers: this.#relay.iceServers,
      clock: this.#clock,
      streamId: stream_id,
      line: asked.line,
      token: resume_token,
      changed: () => this.#sessionChanged(session),
    });
    this.#next = session;
    try {
      const sdp = await session.answer(offer);
      if (this.#next !== session) return;
      this.#relay.send({ type: "webrtc_answer", answer: { type: "answer", sdp } });
    } catch (error) {
      if (this.#next === session) this.#failed(String(error));
    }
  }

  /** @param {ReceivingSession} session */
  #sessionChanged(session) {
    if (session === this.#next) {
      if (session.connected) this.#takeOver(session);
      else if (session.broken) this.#rest();
    } else if (session.falters) {
      this.#relay.wake(); // where packets are lost the line may be, too
    }
    this.#reconsider();
  }

  /** @param {ReceivingSession} session */
  #takeOver(session) {
    this.#next = null;
    this.#forgetAsking();
    this.#session?.close();
    this.#session = session;
    this.#heard = true;
    this.#error = this.#endReason = null;
    this.#backoff.reset();
    const slug = this.#stream?.slug;
    if (slug) this.#address = slug;
    this.emit("media", session.media);
  }

  #dropSession() {
    if (!this.#session) return;
    this.#session.close();
    this.#session = null;
    this.emit("media", null);
  }

  /** @param {RelayError} error */
  #refused(error) {
    if (!this.#wanted || error.request?.includes("visualization")) return;
    const gone = error.code === "stream_ended" || error.code === "stream_not_found";
    if (gone) this.#relay.send({ type: "get_available_streams", details: true });
    else this.#error = error;
    this.#rest();
  }

  /** @param {string} message */
  #failed(message) {
    this.#error = { type: "error", code: "peer_failed", message, request: null };
    this.#rest();
  }

  /** The try failed; leave it for a while. */
  #rest() {
    this.#forgetAsking();
    this.#cancelRest();
    this.#resting = true;
    this.#cancelRest = this.#clock.after(this.#backoff.next_ms(), () => {
      this.#resting = false;
      this.#reconsider();
    });
    this.#judge();
  }

  async #look() {
    const session = this.#session;
    if (session) {
      const report = await session.look().catch(() => null);
      if (report && session === this.#session) this.emit("report", report);
    }
    this.#reconsider();
  }

  #judge() {
    const live = this.#find();
    const status = judge({
      wanted: this.#wanted,
      reachable: this.#relay.knowsStreams,
      heard: this.#heard,
      live,
      succeeded: this.#endReason === "replaced",
      silent_ms: this.#session?.silent_ms ?? Infinity,
      error: this.#error,
    });
    const stream = live ?? this.#stream;
    this.#setStatus({ ...status, stream, error: this.#error, endReason: this.#endReason });
  }

  /** @param {Status} status */
  #setStatus(status) {
    const before = this.#status;
    this.#status = status;
    const keys = /** @type {(keyof Status)[]} */ (Object.keys(status));
    if (keys.some((key) => before[key] !== status[key])) this.emit("status", status);
  }
}
