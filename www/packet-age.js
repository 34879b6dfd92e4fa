/** How old a packet's sound is when it arrives, from the relay's reports of when it was captured. */

const NTP_EPOCH_MS = 2_208_988_800_000; // from 1900, where NTP begins, to 1970
const STEP_MS = 2.5; // the shortest packet of Opus; all others are multiples
const TOLERANCE_MS = 0.3;

export class PacketAge {
  /** @type {{packets: number, captured_ms: number} | null} */
  #told = null;
  /** @type {number | null} */
  #packet_ms = null;

  /**
   * Take in the statistics of a moment. The relay tells how many packets it had numbered when
   * it reported, and when the sound of the last one began; from there it is counted on.
   *
   * @param {any} inbound "inbound-rtp"
   * @param {any} remote "remote-outbound-rtp": what the relay reported last
   * @param {number | null} now_ms what the relay's clock shows, since 1970
   * @returns {number | null} the age of the newest packet's first sample when it arrived
   */
  update(inbound, remote, now_ms) {
    if (remote?.remoteTimestamp && remote.packetsSent) this.#take(remote);
    const { packetsReceived, packetsLost, lastPacketReceivedTimestamp, timestamp } = inbound;
    if (!this.#told || !this.#packet_ms || now_ms === null || !lastPacketReceivedTimestamp) {
      return null;
    }
    const since = packetsReceived + packetsLost - this.#told.packets;
    const captured_ms = this.#told.captured_ms + since * this.#packet_ms;
    return now_ms - (timestamp - lastPacketReceivedTimestamp) - captured_ms;
  }

  /** @param {{remoteTimestamp: number, packetsSent: number}} report */
  #take({ remoteTimestamp, packetsSent }) {
    const captured_ms =
      remoteTimestamp > NTP_EPOCH_MS ? remoteTimestamp - NTP_EPOCH_MS : remoteTimestamp;
    const before = this.#told;
    if (before && packetsSent <= before.packets) return;
    this.#told = { packets: packetsSent, captured_ms };
    if (!before) return;
    // A sender that leaves out silence, or that changes its packets, cannot be counted on.
    const mean_ms = (captured_ms - before.captured_ms) / (packetsSent - before.packets);
    const packet_ms = Math.round(mean_ms / STEP_MS) * STEP_MS;
    this.#packet_ms = Math.abs(mean_ms - packet_ms) < TOLERANCE_MS ? packet_ms : null;
  }
}
