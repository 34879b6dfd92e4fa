/** One peer connection that sends one microphone. */

export class SendingSession {
  #peer;
  #sender;
  /** Known once the relay announced the stream. @type {string | null} */
  streamId = null;
  connected = false;
  broken = false;

  /**
   * @param {Object} options
   * @param {typeof RTCPeerConnection} options.RTCPeerConnection
   * @param {RTCIceServer[]} options.iceServers
   * @param {MediaStreamTrack} options.track
   * @param {string | null} options.slug the address the relay gave the name
   * @param {() => void} options.changed called when it connects, falters or breaks
   */
  constructor({ RTCPeerConnection, iceServers, track, slug, changed }) {
    this.slug = slug;
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#sender = this.#peer.addTransceiver(track, { direction: "sendonly" }).sender;
    this.#peer.onconnectionstatechange = () => {
      const state = this.#peer.connectionState;
      this.connected = state === "connected";
      this.broken ||= state === "failed" || state === "closed";
      changed();
    };
  }

  /**
   * Make the offer. It leaves without waiting for candidates: the relay learns the
   * address of this browser from the browser's own checks.
   *
   * @returns {Promise<string>} its SDP
   */
  async offer() {
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    return this.#peer.localDescription?.sdp ?? "";
  }

  /** @param {RTCSessionDescriptionInit} answer */
  accept(answer) {
    return this.#peer.setRemoteDescription(answer);
  }

  /** @param {MediaStreamTrack | null} track */
  replaceTrack(track) {
    return this.#sender.replaceTrack(track);
  }

  /** Idempotent. */
  close() {
    this.#peer.onconnectionstatechange = null;
    this.#peer.close();
  }
}
