/** One stream heard over the line itself; to its owner it is like a `ReceivingSession`. */

import { SILENCE_MS } from "./receiving-session.js";
import { SoundDecoder } from "./sound-decoder.js";
import { OPUS_RATE, sampleRateOf } from "./sound-formats.js";
import { packHeard, parseSound, wantsAnswer } from "./sound-frame.js";
import { SoundOutput } from "./sound-output.js";

/** @import { Clock } from "./clock.js" */
/** @import { ReceiverReady } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */
/** @import { SoundFrame } from "./sound-frame.js" */

const LONGEST_GAP = OPUS_RATE; // a second; what leaps further has begun anew

export class SocketReceivingSession {
  #relay;
  #clock;
  #changed;
  /** @type {SoundOutput | null} */
  #output = null;
  /** @type {SoundDecoder | null} */
  #decoder = null;
  /** @type {SoundFrame | null} */
  #newest = null;
  #newestAt_ms = 0;
  #samples = 0; // of the newest frame, at 48 kHz
  #packets = 0;
  #lost = 0;
  #bytes = 0;
  #jitter_s = 0;
  #transit_s = 0;
  /** @type {number | null} */
  #lastFrameAt = null;
  #forget = () => {};
  connected = false;
  broken = false;
  outdated = false;
  fixed = false;
  /** The line is its way: when that is lost, its owner knows. */
  falters = false;
  unreachable = false;
  overSocket = true;

  /**
   * @param {Object} options
   * @param {RelayClient} options.relay
   * @param {Clock} options.clock
   * @param {string} options.streamId
   * @param {number} options.line the relay's line it is heard on
   * @param {string} options.token what it is taken up again with on another line
   * @param {() => void} options.changed called when it begins or breaks
   */
  constructor({ relay, clock, streamId, line, token, changed }) {
    this.streamId = streamId;
    this.line = line;
    this.token = token;
    this.#relay = relay;
    this.#clock = clock;
    this.#changed = changed;
  }

  /**
   * Take the frames that follow.
   *
   * @param {ReceiverReady} ready
   * @returns {Promise<null>} there is nothing to answer
   */
  async begin({ format }) {
    const output = new SoundOutput(sampleRateOf(format));
    this.#output = output;
    this.#decoder = new SoundDecoder(
      format,
      (samples) => output.play(samples),
      () => this.#break(),
    );
    this.#forget = this.#relay.on("frame", (data) => this.#heard(data));
    this.connected = true;
    this.#lastFrameAt = this.#clock.now();
    this.#changed();
    return null;
  }

  get media() {
    return this.#output?.media ?? null;
  }

  get lasting() {
    return this.connected && !this.broken && !this.outdated;
  }

  /** @param {boolean} sent whether there are frames to arrive */
  hears(sent) {
    return !this.broken && (this.silent_ms < SILENCE_MS || !sent);
  }

  /** @param {boolean} sent whether there are frames to be lost */
  mayMove(sent) {
    return this.lasting && !this.fixed && this.hears(sent);
  }

  /** @param {string} streamId what it hears from now on */
  moved(streamId) {
    this.streamId = streamId;
    this.#lastFrameAt = this.#clock.now();
  }

  /** Milliseconds since the last frame. */
  get silent_ms() {
    return this.#lastFrameAt === null ? Infinity : this.#clock.now() - this.#lastFrameAt;
  }

  /**
   * The figures of this way, in the words that browsers have for the other one.
   *
   * @returns {Promise<RTCStatsReport>}
   */
  async look() {
    void this.#output?.resume();
    const output = this.#output?.figures ?? { played: 0, madeUp: 0, waited_s: 0 };
    const latency_s = this.#output?.latency_s ?? 0;
    const inbound = {
      type: "inbound-rtp",
      timestamp: Date.now(),
      packetsReceived: this.#packets,
      packetsLost: this.#lost,
      bytesReceived: this.#bytes,
      jitter: this.#jitter_s,
      jitterBufferDelay: output.waited_s + latency_s * output.played,
      jitterBufferEmittedCount: output.played,
      totalSamplesReceived: output.played,
      concealedSamples: output.madeUp,
      silentConcealedSamples: 0,
      lastPacketReceivedTimestamp: this.#newestAt_ms,
    };
    const remote = {
      type: "remote-outbound-rtp",
      remoteTimestamp: (this.#newest?.captured_s ?? 0) * 1000,
      packetsSent: this.#packets + this.#lost,
    };
    return /** @type {any} */ (new Map(Object.entries(/** @type {any} */ ({ inbound, remote }))));
  }

  /** Idempotent. */
  close() {
    this.#forget();
    this.#decoder?.close();
    this.#output?.close();
  }

  #break() {
    this.broken = true;
    this.#changed();
  }

  /** @param {ArrayBuffer} data */
  #heard(data) {
    const frame = parseSound(data);
    if (!frame) return;
    if (wantsAnswer(frame.sequence)) this.#relay.sendFrame(packHeard(frame.sequence));
    this.#lastFrameAt = this.#clock.now();
    if (this.#newest && frame.epoch !== this.#newest.epoch) {
      this.#decoder?.restart();
      this.#output?.clear();
      this.#newest = null;
    }
    this.#measure(frame);
    this.#decoder?.take(frame);
  }

  /** @param {SoundFrame} frame */
  #measure(frame) {
    const before = this.#newest;
    const gap = before ? (frame.timestamp - before.timestamp) >>> 0 : 0;
    if (gap > 0 && gap < LONGEST_GAP) {
      // What the relay left out takes no number, but its time passes.
      this.#samples ||= gap;
      this.#samples = Math.min(this.#samples, gap);
      this.#lost += Math.round(gap / this.#samples) - 1;
    }
    const now_ms = Date.now();
    const transit_s = now_ms / 1000 - frame.captured_s;
    if (before) {
      this.#jitter_s += (Math.abs(transit_s - this.#transit_s) - this.#jitter_s) / 16; // RFC 3550
    }
    this.#transit_s = transit_s;
    this.#newest = frame;
    this.#newestAt_ms = now_ms;
    this.#packets += 1;
    this.#bytes += frame.payload.length;
  }
}
