/** How it stands with what is sent, worked out from the facts. */

/** @import { RelayError, StreamDetails } from "./protocol.js" */

/**
 * - `idle`: nothing is sent.
 * - `connecting`: on the way to the relay.
 * - `live`: the relay receives it.
 * - `lost`: it was live; another try is under way.
 * - `refused`: it will not be tried again; `error` says why.
 *
 * @typedef {"idle" | "connecting" | "live" | "lost" | "refused"} SenderPhase
 */

/**
 * @typedef {Object} Wanted what is to be sent
 * @property {string} name
 * @property {boolean} muted
 * @property {boolean} [gated] whether silence is sent while it is quiet
 * @property {MediaStreamTrack} track
 */

/**
 * @typedef {Object} SenderStatus
 * @property {SenderPhase} phase
 * @property {string | null} slug the address of the name, once the relay told it
 * @property {StreamDetails | null} stream the own stream in the relay's list
 * @property {RelayError | null} error
 */

/**
 * Say how it stands.
 *
 * @param {Object} facts
 * @param {boolean} facts.wanted
 * @param {boolean} facts.refused
 * @param {boolean} facts.connected
 * @param {boolean} facts.wasLive whether it was connected since it is wanted
 * @returns {SenderPhase}
 */
export function phaseOf({ wanted, refused, connected, wasLive }) {
  if (!wanted) return refused ? "refused" : "idle";
  if (connected) return "live";
  return wasLive ? "lost" : "connecting";
}
