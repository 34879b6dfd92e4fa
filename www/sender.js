/**
 * Sends one microphone under a name, and goes on doing so until told to stop.
 *
 * Rule 1: sound that flows is never cut for tidiness: a lost line to the relay leaves the
 * media alone, the next line takes it up again, and a new connection takes over only once it stands.
 * Rule 2: nobody fights for a name. Refused, or replaced by another page of this device, it
 * stops and says so.
 */

import { Backoff } from "./backoff.js";
import { systemClock } from "./clock.js";
import { Emitter } from "./emitter.js";
import { phaseOf } from "./sending-status.js";
import { sendingSession } from "./sending-ways.js";
import { WEBRTC_ONLY } from "./transport-choice.js";

/** @import { Clock } from "./clock.js" */
/** @import { RelayError, Resumed, SenderReady, ServerAnswer } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */
/** @import { SenderStatus, Wanted } from "./sending-status.js" */
/** @import { Session } from "./sending-ways.js" */

const CONNECT_MS = 16_000; // the relay gives up after 15 s and says why; this is for a relay that does not
const FALTERING_MS = 3000; // most interruptions of a radio link are shorter
const LINGER_MS = 1000; // by then the relay hears the next connection

/** Errors that another try does not cure: the person has to decide. */
const FINAL = new Set(["bad_name", "name_taken", "no_opus", "no_audio", "bad_sdp", "replaced", "not_allowed"]);

/** @extends {Emitter<{status: SenderStatus}>} */
export class Sender extends Emitter {
  #relay;
  #deviceId;
  #transport;
  #Peer;
  #clock;
  #backoff;
  #wanted = /** @type {Wanted | null} */ (null);
  #session = /** @type {Session | null} */ (null);
  #next = /** @type {Session | null} */ (null);
  #last = /** @type {Session | null} */ (null);
  #resuming = /** @type {Session | null} */ (null);
  #error = /** @type {RelayError | null} */ (null);
  #wasLive = false;
  #line = 0;
  #cancelDeadline = () => {};
  #cancelRest = () => {};
  #cancelFaltering = () => {};
  #cancelLingering = () => {};
  #status = /** @type {SenderStatus} */ ({ phase: "idle", slug: null, stream: null, error: null });

  /**
   * @param {RelayClient} relay a line of its own: one socket sends one stream
   * @param {Object} options
   * @param {string} options.deviceId
   * @param {typeof RTCPeerConnection} [options.RTCPeerConnection]
   * @param {Clock} [options.clock]
   * @param {() => number} [options.random]
   * @param {import("./transport-choice.js").TransportChoice} [options.transport]
   */
  constructor(
    relay,
    {
      deviceId,
      RTCPeerConnection = globalThis.RTCPeerConnection,
      clock = systemClock,
      random = Math.random,
      transport = WEBRTC_ONLY,
    },
  ) {
    super();
    this.#relay = relay;
    this.#deviceId = deviceId;
    this.#transport = transport;
    this.#Peer = RTCPeerConnection;
    this.#clock = clock;
    this.#backoff = new Backoff({ random });
    relay.resumeWith(() => this.#tokenToResume());
    relay.on("state", (state) => this.#lineChanged(state === "open"));
    relay.on("roamed", () => this.#outdate());
    relay.on("roamed", () => transport.renew({ roamed: true }));
    relay.on("resumed", (message) => this.#resumed(message));
    relay.on("gone", () => this.#notResumed());
    relay.on("streams", () => this.#judge());
    relay.on("sender_ready", (message) => void this.#ready(message));
    relay.on("answer", (message) => void this.#answered(message));
    relay.on("started", ({ stream_id, slug }) => this.#started(stream_id, slug));
    relay.on("ended", ({ stream_id }) => this.#ended(stream_id));
    relay.on("error", (error) => this.#refused(error));
  }

  get status() {
    return this.#status;
  }

  /** Whether what is sent takes the line itself. */
  get overSocket() {
    return this.#session?.overSocket === true;
  }

  /**
   * Send from now on, under a name; replaces what was sent before.
   *
   * @param {Wanted} wanted
   */
  start(wanted) {
    this.#wanted = { ...wanted };
    this.#error = null;
    this.#outdate();
    this.#begin();
  }

  /** End the stream. Idempotent. */
  stop() {
    if (this.#wanted) this.#relay.send({ type: "stop_stream" });
    this.#end();
    this.#error = null;
    this.#judge();
  }

  /**
   * @param {boolean} muted
   * @param {boolean} [gated] as in what is wanted; without it as before
   */
  setMuted(muted, gated = this.#wanted?.gated) {
    if (!this.#wanted || (this.#wanted.muted === muted && this.#wanted.gated === gated)) return;
    Object.assign(this.#wanted, { muted, gated });
    this.#relay.send({ type: "set_muted", muted, gated });
  }

  /**
   * Send another microphone in the same stream.
   *
   * @param {MediaStreamTrack} track
   */
  async replaceTrack(track) {
    if (!this.#wanted) return;
    this.#wanted.track = track;
    const sessions = [this.#session, this.#next].filter((session) => session !== null);
    await Promise.all(sessions.map((session) => session.replaceTrack(track)));
  }

  /** Try again now instead of after the pause. */
  retry() {
    this.#relay.wake();
    if (this.#wanted && !this.#session?.connected && !this.#next) this.#begin();
  }

  #begin() {
    if (!this.#wanted) return;
    this.#cancelRest();
    this.#abandonNext();
    this.#resuming = null;
    const { name, muted, gated } = this.#wanted;
    const device_id = this.#deviceId;
    const way = this.#transport.sending;
    if (this.#relay.send({ type: "start_sending", name, device_id, muted, gated, ...way })) {
      // The relay replaces it on one line; and two that take the line would mix their sound.
      if (this.#line === this.#relay.line || this.overSocket) this.#retireSession();
      this.#line = this.#relay.line;
      this.#cancelDeadline = this.#clock.after(CONNECT_MS, () => this.#rest());
    }
    this.#judge();
  }

  /** @param {boolean} open */
  #lineChanged(open) {
    this.#transport.renew();
    if (open && !this.#resuming) this.#begin();
    if (!open) {
      this.#resuming = null;
      if (!this.#next?.lasting) this.#abandonNext();
    }
    this.#judge();
  }

  /** What is sent now may be heard until something better stands, but is not gone on with. */
  #outdate() {
    for (const session of [this.#session, this.#next]) {
      if (session) session.outdated = true;
    }
  }

  #tokenToResume() {
    const newest = this.#next ?? this.#session;
    this.#resuming = this.#wanted && newest?.lasting ? newest : null;
    return this.#resuming?.token ?? null;
  }

  /** @param {Resumed} message */
  #resumed({ stream_id, resume_token }) {
    const session = this.#resuming;
    if (!session || !this.#wanted) return;
    this.#resuming = null;
    session.token = resume_token;
    session.streamId = stream_id ?? session.streamId;
    this.#line = this.#relay.line;
    const { muted, gated } = this.#wanted;
    this.#relay.send({ type: "set_muted", muted, gated }); // it may have changed
    this.#judge();
  }

  #notResumed() {
    if (!this.#resuming) return;
    this.#outdate();
    this.#begin();
  }

  /** @param {SenderReady} message */
  async #ready(message) {
    if (!this.#wanted) return;
    this.#next?.close();
    const { session, begin } = sendingSession(message, {
      relay: this.#relay,
      RTCPeerConnection: this.#Peer,
      iceServers: this.#relay.iceServers,
      clock: this.#clock,
      track: this.#wanted.track,
      changed: (session) => this.#sessionChanged(session),
    });
    this.#next = session;
    try {
      const offer = await begin();
      if (offer && this.#next === session) this.#relay.send(offer);
    } catch (error) {
      this.#failed(session, error);
    }
  }

  /** @param {ServerAnswer} message */
  async #answered({ answer }) {
    const session = this.#next;
    if (!session) return;
    try {
      await session.accept(answer);
    } catch (error) {
      this.#failed(session, error);
    }
  }

  /**
   * @param {Session} session
   * @param {unknown} error
   */
  #failed(session, error) {
    if (session !== this.#next) return;
    this.#error = { type: "error", code: "peer_failed", message: String(error), request: null };
    this.#rest();
  }

  /** @param {Session} session */
  #sessionChanged(session) {
    if (session === this.#next) {
      if (session.connected) this.#takeOver(session);
      else if (session.unreachable && this.#transport.fallBack()) this.#begin();
      else if (session.broken) this.#rest();
    } else if (session === this.#session) {
      this.#cancelFaltering();
      if (session.broken) this.#renew();
      else if (!session.connected) this.#falter();
    }
    this.#judge();
  }

  /** The way is lost for the moment: the line may be, too. */
  #falter() {
    this.#relay.wake();
    this.#cancelFaltering = this.#clock.after(FALTERING_MS, () => this.#renew());
  }

  /** What was live does not come back: make another connection now, or with the next line. */
  #renew() {
    if (this.#session) this.#session.away = true;
    if (!this.#next && this.#relay.state === "open") this.#begin();
  }

  /** @param {Session} session */
  #takeOver(session) {
    this.#transport.succeed();
    this.#cancelDeadline();
    this.#retireSession();
    this.#session = session;
    this.#next = null;
    session.streamId ??= this.#streamOf(session);
    this.#wasLive = true;
    this.#error = null;
    this.#backoff.reset();
  }

  /**
   * A new connection may go on with the stream of the one before, and then nobody announces it.
   *
   * @param {Session} session
   */
  #streamOf({ slug }) {
    if (slug === null) return null;
    return this.#relay.streams.find((stream) => stream.slug === slug)?.stream_id ?? null;
  }

  /**
   * @param {string} streamId
   * @param {string | null} slug
   */
  #started(streamId, slug) {
    for (const session of [this.#session, this.#next]) {
      if (session && slug !== null && session.slug === slug) session.streamId = streamId;
    }
    this.#judge();
  }

  /** @param {string} streamId */
  #ended(streamId) {
    if (!this.#session || this.#session.streamId !== streamId) return;
    this.#dropSession();
    if (!this.#next) this.#rest();
  }

  /** @param {RelayError} error */
  #refused(error) {
    if (!this.#wanted || error.request === "get_available_streams") return;
    const final = FINAL.has(error.code);
    if (final) this.#end();
    this.#error = error;
    if (final) this.#judge();
    else this.#rest();
  }

  /** The try failed; make another after a while. */
  #rest() {
    this.#abandonNext();
    this.#cancelRest();
    this.#cancelRest = this.#clock.after(this.#backoff.next_ms(), () => this.#begin());
    this.#judge();
  }

  #abandonNext() {
    this.#cancelDeadline();
    this.#next?.close();
    this.#next = null;
  }

  #end() {
    this.#resuming = null;
    this.#abandonNext();
    this.#cancelRest();
    this.#dropSession();
    this.#dropLast();
    this.#wanted = null;
    this.#wasLive = false;
    this.#backoff.reset();
  }

  #dropSession() {
    this.#cancelFaltering();
    this.#session?.close();
    this.#session = null;
  }

  /** Let the next connection go on with the stream, which a goodbye of this one would end. */
  #retireSession() {
    this.#cancelFaltering();
    this.#dropLast();
    this.#last = this.#session;
    this.#session = null;
    if (this.#last?.overSocket) this.#dropLast();
    else if (this.#last) this.#cancelLingering = this.#clock.after(LINGER_MS, () => this.#dropLast());
  }

  #dropLast() {
    this.#cancelLingering();
    this.#last?.close();
    this.#last = null;
  }

  #judge() {
    const streamId = this.#session?.streamId;
    this.#setStatus({
      phase: phaseOf({
        wanted: this.#wanted !== null,
        refused: this.#error !== null,
        connected: this.#session?.connected === true,
        wasLive: this.#wasLive,
      }),
      slug: (this.#session ?? this.#next)?.slug ?? null,
      stream: this.#relay.streams.find((stream) => stream.stream_id === streamId) ?? null,
      error: this.#error,
    });
  }

  /** @param {SenderStatus} status */
  #setStatus(status) {
    const before = this.#status;
    this.#status = status;
    const keys = /** @type {(keyof SenderStatus)[]} */ (Object.keys(status));
    if (keys.some((key) => before[key] !== status[key])) this.emit("status", status);
  }
}
