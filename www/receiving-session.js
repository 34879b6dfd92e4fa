/** One peer connection that hears one stream, and whether its packets really arrive. */

import { Patience } from "./patience.js";
import { describe } from "./session-description.js";

/** @import { Clock } from "./clock.js" */
/** @import { ClientMessage, ServerOffer } from "./protocol.js" */

/** In a home two addresses find each other within half a second. */
export const SEARCH_MS = 3000;
export const FOUND = new Set(["connected", "completed"]);

/** After so long without a packet the sound is gone: a quiet room sends 50 packets a second. */
export const SILENCE_MS = 3000;

export class ReceivingSession {
  #peer;
  #clock;
  #patience = new Patience();
  #packets = 0;
  /** @type {number | null} */
  #lastPacketAt = null;
  /** @type {MediaStream | null} */
  media = null;
  connected = false;
  broken = false;
  /** Whether it lost its way for the moment, by what the browser knows. */
  falters = false;
  /** Whether its answer was made, so that it can go on over another line. */
  negotiated = false;
  /** Not to be gone on with, though it may still carry sound until another one stands. */
  outdated = false;
  /** Whether the relay refused to let it hear another stream. */
  fixed = false;
  /** Whether no way for UDP was found within a time that is enough for one. */
  unreachable = false;
  overSocket = false;
  #changed;
  #cancelSearch = () => {};

  /**
   * @param {Object} options
   * @param {typeof RTCPeerConnection} options.RTCPeerConnection
   * @param {RTCIceServer[]} options.iceServers
   * @param {Clock} options.clock
   * @param {string} options.streamId
   * @param {number} options.line the relay's line it was made on, or goes on with
   * @param {string} options.token what it is taken up again with on another line
   * @param {() => void} options.changed called when it connects, falters or breaks
   */
  constructor({ RTCPeerConnection, iceServers, clock, streamId, line, token, changed }) {
    this.streamId = streamId;
    this.line = line;
    this.token = token;
    this.#clock = clock;
    this.#changed = changed;
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#peer.ontrack = ({ track, streams }) => {
      this.media = streams[0] ?? new MediaStream([track]);
    };
    this.#peer.onconnectionstatechange = () => {
      const state = this.#peer.connectionState;
      if (state === "connected") this.#connect();
      this.falters = state === "disconnected";
      this.broken ||= state === "failed" || state === "closed";
      changed();
    };
  }

  /**
   * Answer the relay's offer. The relay needs no candidates: it learns the address
   * of this browser from the browser's own checks, so nothing waits for them.
   *
   * @param {ServerOffer} message
   * @returns {Promise<ClientMessage>} the answer
   */
  async begin({ offer }) {
    await this.#peer.setRemoteDescription(offer);
    const sdp = await describe(this.#peer, await this.#peer.createAnswer(), offer.sdp);
    this.negotiated = true;
    this.#cancelSearch = this.#clock.after(SEARCH_MS, () => this.#giveUp());
    return { type: "webrtc_answer", answer: { type: "answer", sdp } };
  }

  #giveUp() {
    if (FOUND.has(this.#peer.iceConnectionState)) return;
    this.unreachable = true;
    this.#changed();
  }

  /** Whether it is worth going on with: it stands, or may stand soon. */
  get lasting() {
    return this.negotiated && !this.broken && !this.outdated;
  }

  /**
   * Whether it is of use for its stream. A sender that went silent is no reason to doubt it:
   * its packets come back over the same connection.
   *
   * @param {boolean} sent whether there are packets to arrive
   */
  hears(sent) {
    return !this.broken && (this.flowing || !sent);
  }

  /**
   * Whether it may hear another stream as it is: not if its packets are lost on the way.
   *
   * @param {boolean} sent whether there are packets to be lost
   */
  mayMove(sent) {
    return this.lasting && this.connected && !this.falters && !this.fixed && this.hears(sent);
  }

  /** @param {string} streamId what it hears from now on */
  moved(streamId) {
    this.streamId = streamId;
    this.#lastPacketAt = this.#clock.now(); // as when it connected
  }

  /** Whether a packet came within the last seconds, or the connection is that young. */
  get flowing() {
    return this.silent_ms < SILENCE_MS;
  }

  /** Milliseconds since the last packet; endless before the connection stands. */
  get silent_ms() {
    return this.#lastPacketAt === null ? Infinity : this.#clock.now() - this.#lastPacketAt;
  }

  /** Look whether packets arrived since the last look. */
  async look() {
    const report = await this.#peer.getStats();
    const packets = packetsReceived(report);
    if (packets > this.#packets) {
      this.#packets = packets;
      this.#lastPacketAt = this.#clock.now();
    }
    this.#wait(this.#patience.update(report));
    return report;
  }

  /** @param {number | null} target_ms how long sound waits at least before it is played */
  #wait(target_ms) {
    for (const receiver of this.#peer.getReceivers()) {
      // Where a browser does not know it, it has no effect.
      if (receiver.jitterBufferTarget !== target_ms) receiver.jitterBufferTarget = target_ms;
    }
  }

  /** Idempotent. */
  close() {
    this.#cancelSearch();
    this.#peer.ontrack = this.#peer.onconnectionstatechange = null;
    this.#peer.close();
  }

  #connect() {
    this.#cancelSearch();
    this.connected = true;
    // The first look is a second away; until then the connection counts as sound.
    this.#lastPacketAt ??= this.#clock.now();
  }
}

/** @param {RTCStatsReport} report */
function packetsReceived(report) {
  let packets = 0;
  report.forEach((entry) => {
    if (entry.type === "inbound-rtp") packets += entry.packetsReceived ?? 0;
  });
  return packets;
}
