/** The ways in which a stream may be heard; to who hears they are alike. */

import { ReceivingSession } from "./receiving-session.js";
import { SocketReceivingSession } from "./socket-receiving-session.js";

/** @import { Clock } from "./clock.js" */
/** @import { ReceiverReady, ServerOffer } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

/** @typedef {ReceivingSession | SocketReceivingSession} Session */

/**
 * @typedef {Object} SessionOptions
 * @property {RelayClient} relay
 * @property {typeof RTCPeerConnection} RTCPeerConnection
 * @property {RTCIceServer[]} iceServers
 * @property {Clock} clock
 * @property {string} streamId
 * @property {number} line
 * @property {string} token
 * @property {(session: Session) => void} changed
 */

/**
 * Make what the relay's message asks for.
 *
 * @param {ServerOffer | ReceiverReady} message
 * @param {SessionOptions} options
 * @returns {{session: Session, begin: () => Promise<import("./protocol.js").ClientMessage | null>}}
 *   `begin` resolves to what is to be answered
 */
export function receivingSession(message, { changed, ...options }) {
  if (message.type === "webrtc_offer") {
    const session = new ReceivingSession({ ...options, changed: () => changed(session) });
    return { session, begin: () => session.begin(message) };
  }
  const session = new SocketReceivingSession({ ...options, changed: () => changed(session) });
  return { session, begin: () => session.begin(message) };
}
