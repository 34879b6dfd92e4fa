/**
 * Hears one stream and stays with its name: through restarts of the sender, of the relay, of the network.
 *
 * Rule 1: what the page is told is worked out from facts by `judge`, nowhere else.
 * Rule 2: sound that flows is never cut for tidiness. A new connection takes over only once it
 * stands, and a lost line to the relay alone is no lost sound: the next line takes it up again.
 * Rule 3: one connection hears one stream after the other, where the relay lets it: nothing is
 * negotiated, and the element that plays goes on playing.
 */

import { Backoff } from "./backoff.js";
import { every, systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";
import { judge } from "./hearing-status.js";
import { LATEST, chooseStream, findStream } from "./live-streams.js";
import { receivingSession } from "./receiving-ways.js";
import { WEBRTC_ONLY } from "./transport-choice.js";

/** @import { Clock } from "./clock.js" */
/** @import { Status } from "./hearing-status.js" */
/** @import { ReceiverReady, RelayError, ServerOffer, StreamDetails } from "./protocol.js" */
/** @import { Session } from "./receiving-ways.js" */
/** @import { RelayClient } from "./relay-client.js" */

const LOOK_INTERVAL_MS = 1000;
const MOVE_MS = 3000; // it takes one question and one answer
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
  #transport;
  #wanted = false;
  #address = /** @type {string | null} */ (null);
  #heard = false;
  #endReason = /** @type {string | null} */ (null);
  #stream = /** @type {StreamDetails | null} */ (null);
  #session = /** @type {Session | null} */ (null);
  #next = /** @type {Session | null} */ (null);
  #resuming = /** @type {Session | null} */ (null);
  /** @type {{streamId: string, line: number, moving: boolean} | null} */
  #asked = null;
  /** Whether what still sounds is not wanted any more. */
  #turning = false;
  #error = /** @type {RelayError | null} */ (null);
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
   * @param {import("./transport-choice.js").TransportChoice} [options.transport]
   */
  constructor(
    relay,
    {
      RTCPeerConnection = globalThis.RTCPeerConnection,
      clock = systemClock,
      random = Math.random,
      accepts = () => true,
      transport = WEBRTC_ONLY,
    } = {},
  ) {
    super();
    this.#relay = relay;
    this.#Peer = RTCPeerConnection;
    this.#clock = clock;
    this.#backoff = new Backoff({ random });
    this.#accepts = accepts;
    this.#transport = transport;
    relay.resumeWith(() => this.#tokenToResume());
    relay.on("state", () => this.#lineChanged());
    relay.on("roamed", () => this.#roamed());
    relay.on("resumed", ({ resume_token, stream_id }) => this.#resumed(resume_token, stream_id));
    relay.on("gone", () => this.#resumed(null, null));
    relay.on("moved", ({ stream_id }) => this.#moved(stream_id));
    relay.on("ended", ({ stream_id, reason }) => {
      if (stream_id === this.#stream?.stream_id) this.#endReason = reason;
    });
    relay.on("streams", () => this.#reconsider());
    relay.on("offer", (offer) => void this.#begin(offer));
    relay.on("receiver_ready", (ready) => void this.#begin(ready));
    relay.on("error", (error) => this.#refused(error));
  }

  get status() {
    return this.#status;
  }

  /** Whether what is heard came over the line itself. */
  get overSocket() {
    return this.#session?.overSocket === true;
  }

  /**
   * Hear a stream from now on.
   *
   * @param {string | null} address an id, a slug or a name; `LATEST`: always the newest;
   *   null: the newest, and then to stay with it
   */
  follow(address) {
    const live = this.#mayMove ? this.#find(address, null) : null;
    if (!live) this.#hangUp();
    this.#forget();
    this.#wanted = true;
    this.#address = address;
    this.#heard = live !== null && live.stream_id === this.#session?.streamId;
    this.#turning = live !== null && !this.#heard;
    this.#endLooking = every(this.#clock, LOOK_INTERVAL_MS, () => void this.#look());
    this.#reconsider();
  }

  /** Hear nothing any more. Idempotent. */
  stop() {
    this.#hangUp();
    this.#forget();
    this.#judge();
  }

  #hangUp() {
    if (this.#asked || this.#session) this.#relay.send({ type: "stop_stream" });
    this.#dropSession();
    this.#resuming = null;
  }

  #forget() {
    this.#endLooking();
    this.#cancelRest();
    this.#forgetAsking();
    this.#wanted = this.#heard = this.#resting = this.#turning = false;
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
    this.#transport.renew();
    if (this.#relay.state === "open") return; // its list of streams comes next
    this.#resuming = null;
    this.#dropTurned();
    if (!this.#next?.lasting) this.#forgetAsking();
    this.#judge();
  }

  /** This device is in another network: what stands may sound until something better does. */
  #roamed() {
    this.#transport.renew({ roamed: true });
    if (this.#session) this.#session.outdated = true;
    this.#forgetAsking();
  }

  #tokenToResume() {
    const newest = this.#next ?? this.#session;
    this.#resuming = newest?.lasting ? newest : null;
    return this.#resuming?.token ?? null;
  }

  /**
   * @param {string | null} token the next one; null: there was nothing to resume
   * @param {string | null} streamId
   */
  #resumed(token, streamId) {
    const session = this.#resuming;
    if (!session) return;
    this.#resuming = null;
    if (token === null) {
      this.#forgetAsking();
    } else {
      session.token = token;
      session.streamId = streamId ?? session.streamId;
      session.line = this.#relay.line;
      if (session === this.#next && this.#asked) this.#asked.line = session.line;
    }
    void this.#look(); // its packets may be back since the last look
  }

  /** Compare what is wanted with what is there, and ask for what is missing. */
  #reconsider() {
    if (!this.#wanted) return;
    const live = this.#find(this.#address, this.#stream);
    if (live) this.#stream = live;
    if (live && this.#relay.knowsStreams && this.#needs(live)) this.#ask(live);
    this.#judge();
  }

  /**
   * @param {string | null} address
   * @param {StreamDetails | null} last what was there under it
   * @returns {StreamDetails | null}
   */
  #find(address, last) {
    if (!this.#relay.knowsStreams) return null;
    return chooseStream(this.#relay.streams, address, last, this.#accepts);
  }

  get #mayMove() {
    const session = this.#session;
    const { line, knowsStreams, streams } = this.#relay;
    if (!session || session.line !== line || !knowsStreams) return false;
    if (this.#next || this.#resuming) return false;
    return session.mayMove(findStream(streams, session.streamId)?.state === "live");
  }

  /** @param {StreamDetails} live */
  #needs(live) {
    const { line } = this.#relay;
    const here = (/** @type {{streamId: string, line: number} | null} */ session) =>
      session?.streamId === live.stream_id && session.line === line;
    if (this.#resting || this.#resuming || here(this.#asked)) return false;
    return !(this.#session && here(this.#session) && this.#session.hears(live.state === "live"));
  }

  /** @param {StreamDetails} live */
  #ask(live) {
    this.#forgetAsking();
    const { stream_id } = live;
    const moving = this.#mayMove;
    this.#asked = { streamId: stream_id, line: this.#relay.line, moving };
    if (moving) {
      this.#relay.send({ type: "move_to", stream_id });
      this.#cancelJoin = this.#clock.after(MOVE_MS, () => this.#stays());
    } else {
      this.#relay.send({ type: "start_receiving", stream_id, keep: true, ...this.#transport.receiving });
      this.#cancelJoin = this.#clock.after(JOIN_MS, () => this.#rest());
    }
  }

  /** @param {string} streamId */
  #moved(streamId) {
    this.#session?.moved(streamId);
    if (this.#asked?.moving && this.#asked.streamId === streamId) this.#arrive();
    this.#reconsider();
  }

  #stays() {
    // The relay does not let it hear another stream; a new connection will.
    if (this.#session) this.#session.fixed = true;
    this.#forgetAsking();
    this.#dropTurned();
    this.#reconsider();
  }

  /** What is not wanted any more sounds no longer than it takes to move. */
  #dropTurned() {
    if (this.#turning) this.#hangUp();
    this.#turning = false;
  }

  #forgetAsking() {
    this.#cancelJoin();
    this.#asked = null;
    this.#next?.close();
    this.#next = null;
  }

  /** @param {ServerOffer | ReceiverReady} message */
  async #begin(message) {
    const asked = this.#asked;
    if (!asked || asked.streamId !== message.stream_id) return;
    this.#next?.close();
    const { session, begin } = receivingSession(message, {
      relay: this.#relay,
      RTCPeerConnection: this.#Peer,
      iceServers: this.#relay.iceServers,
      clock: this.#clock,
      streamId: message.stream_id,
      line: asked.line,
      token: message.resume_token,
      changed: (session) => this.#sessionChanged(session),
    });
    this.#next = session;
    try {
      const answer = await begin();
      if (answer && this.#next === session) this.#relay.send(answer);
    } catch (error) {
      if (this.#next !== session) return;
      this.#error = { type: "error", code: "peer_failed", message: String(error), request: null };
      this.#rest();
    }
  }

  /** @param {Session} session */
  #sessionChanged(session) {
    if (session === this.#next) {
      if (session.connected) this.#takeOver(session);
      else if (session.unreachable && this.#transport.fallBack()) this.#forgetAsking();
      else if (session.broken) this.#rest();
    } else if (session.falters) {
      this.#relay.wake(); // where packets are lost the line may be, too
    }
    this.#reconsider();
  }

  /** @param {Session} session */
  #takeOver(session) {
    this.#transport.succeed();
    this.#next = null;
    this.#session?.close();
    this.#session = session;
    this.#arrive();
    this.emit("media", session.media);
  }

  #arrive() {
    this.#forgetAsking();
    this.#heard = true;
    this.#turning = false;
    this.#error = this.#endReason = null;
    this.#backoff.reset();
    if (this.#address !== LATEST) this.#address = this.#stream?.slug ?? this.#address;
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
    else if (error.request === "move_to") return this.#stays();
    else this.#error = error;
    this.#dropTurned();
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
    const live = this.#find(this.#address, this.#stream);
    const status = judge({
      wanted: this.#wanted,
      reachable: this.#relay.knowsStreams,
      heard: this.#heard,
      live,
      succeeded: this.#endReason === "replaced",
      silent_ms: this.#turning ? Infinity : (this.#session?.silent_ms ?? Infinity),
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
