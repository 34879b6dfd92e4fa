/** The ways in which a microphone may be sent; to who sends they are alike. */

import { SendingSession } from "./sending-session.js";
import { SocketSendingSession } from "./socket-sending-session.js";

/** @import { Clock } from "./clock.js" */
/** @import { ClientMessage, SenderReady } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

/** @typedef {SendingSession | SocketSendingSession} Session */

/**
 * @typedef {Object} SessionOptions
 * @property {RelayClient} relay
 * @property {typeof RTCPeerConnection} RTCPeerConnection
 * @property {RTCIceServer[]} iceServers
 * @property {Clock} clock
 * @property {MediaStreamTrack} track
 * @property {(session: Session) => void} changed
 */

/**
 * Make what the relay's message asks for: frames only follow where it names their format.
 *
 * @param {SenderReady} message
 * @param {SessionOptions} options
 * @returns {{session: Session, begin: () => Promise<ClientMessage | null>}}
 *   `begin` resolves to what is to be said
 */
export function sendingSession(message, { changed, ...options }) {
  const { slug, resume_token: token } = message;
  if (!message.format) {
    const told = { ...options, slug, token, changed: () => changed(session) };
    const session = new SendingSession(told);
    return { session, begin: () => session.begin() };
  }
  const told = { ...options, slug, token, changed: () => changed(session) };
  const session = new SocketSendingSession(told);
  return { session, begin: () => session.begin(message) };
}
