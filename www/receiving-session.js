/** One peer connection that hears one stream, and whether its packets really arrive. */

/** @import { Clock } from "./clock.js" */

/** After so long without a packet the sound is gone: a quiet room sends 50 packets a second. */
export const SILENCE_MS = 3000;

export class ReceivingSession {
  #peer;
  #clock;
  #packets = 0;
  /** @type {number | null} */
  #lastPacketAt = null;
  /** @type {MediaStream | null} */
  media = null;
  connected = false;
  broken = false;

  /**
   * @param {Object} options
   * @param {typeof RTCPeerConnection} options.RTCPeerConnection
   * @param {RTCIceServer[]} options.iceServers
   * @param {Clock} options.clock
   * @param {string} options.streamId
   * @param {number} options.line the relay's line it was made on
   * @param {() => void} options.changed called when it connects or breaks
   */
  constructor({ RTCPeerConnection, iceServers, clock, streamId, line, changed }) {
    this.streamId = streamId;
    this.line = line;
    this.#clock = clock;
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#peer.ontrack = ({ track, streams }) => {
      this.media = streams[0] ?? new MediaStream([track]);
    };
    this.#peer.onconnectionstatechange = () => {
      const state = this.#peer.connectionState;
      if (state === "connected") this.#connect();
      this.broken ||= state === "failed" || state === "closed";
      changed();
    };
  }

  /**
   * Answer the relay's offer. The relay needs no candidates: it learns the address
   * of this browser from the browser's own checks, so nothing waits for them.
   *
   * @param {RTCSessionDescriptionInit} offer
   * @returns {Promise<string>} the answer's SDP
   */
  async answer(offer) {
    await this.#peer.setRemoteDescription(offer);
    await this.#peer.setLocalDescription(await this.#peer.createAnswer());
    return this.#peer.localDescription?.sdp ?? "";
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
    return report;
  }

  /** Idempotent. */
  close() {
    this.#peer.ontrack = this.#peer.onconnectionstatechange = null;
    this.#peer.close();
  }

  #connect() {
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
