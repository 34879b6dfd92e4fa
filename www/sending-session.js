/** One peer connection that sends one microphone. */

import { FOUND, SEARCH_MS } from "./receiving-session.js";
import { describe } from "./session-description.js";

/** @import { Clock } from "./clock.js" */
/** @import { ClientMessage } from "./protocol.js" */

export class SendingSession {
  #peer;
  #sender;
  /** Known once the relay announced the stream. @type {string | null} */
  streamId = null;
  connected = false;
  broken = false;
  /** Whether the relay's answer was taken, so that it can go on over another line. */
  negotiated = false;
  /** Whether it lost its way for so long that waiting for it is no use. */
  away = false;
  /** Not to be gone on with, though it may still carry sound until another one stands. */
  outdated = false;
  /** Whether no way for UDP was found within a time that is enough for one. */
  unreachable = false;
  overSocket = false;
  #clock;
  #changed;
  #cancelSearch = () => {};

  /**
   * @param {Object} options
   * @param {typeof RTCPeerConnection} options.RTCPeerConnection
   * @param {RTCIceServer[]} options.iceServers
   * @param {Clock} options.clock
   * @param {MediaStreamTrack} options.track
   * @param {string | null} options.slug the address the relay gave the name
   * @param {string} options.token what it is taken up again with on another line
   * @param {() => void} options.changed called when it connects, falters or breaks
   */
  constructor({ RTCPeerConnection, iceServers, clock, track, slug, token, changed }) {
    this.slug = slug;
    this.token = token;
    this.#clock = clock;
    this.#changed = changed;
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#sender = this.#peer.addTransceiver(track, { direction: "sendonly" }).sender;
    this.#peer.onconnectionstatechange = () => {
      const state = this.#peer.connectionState;
      this.connected = state === "connected";
      if (this.connected) this.#cancelSearch();
      this.away &&= !this.connected;
      this.broken ||= state === "failed" || state === "closed";
      changed();
    };
  }

  /**
   * Make the offer. It leaves without waiting for candidates: the relay learns the
   * address of this browser from the browser's own checks.
   *
   * @returns {Promise<ClientMessage>}
   */
  async begin() {
    const sdp = await describe(this.#peer, await this.#peer.createOffer());
    this.#cancelSearch = this.#clock.after(SEARCH_MS, () => this.#giveUp());
    return { type: "webrtc_offer", offer: { type: "offer", sdp } };
  }

  #giveUp() {
    if (FOUND.has(this.#peer.iceConnectionState)) return;
    this.unreachable = true;
    this.#changed();
  }

  /** @param {RTCSessionDescriptionInit} answer */
  async accept(answer) {
    await this.#peer.setRemoteDescription(answer);
    this.negotiated = true;
  }

  /** @param {MediaStreamTrack | null} track */
  replaceTrack(track) {
    return this.#sender.replaceTrack(track);
  }

  /** Whether it is worth going on with: it stands, or may stand soon. */
  get lasting() {
    return this.negotiated && !this.broken && !this.away && !this.outdated;
  }

  /** Idempotent. */
  close() {
    this.#cancelSearch();
    this.#peer.onconnectionstatechange = null;
    this.#peer.close();
  }
}
