/** How it stands with a stream that is to be heard, worked out from the facts. */

import { SILENCE_MS } from "./receiving-session.js";

/** @import { RelayError, StreamDetails } from "./protocol.js" */

/**
 * - `idle`: nothing is wanted.
 * - `waiting`: wanted, but it is not there yet.
 * - `joining`: it is there; its sound is on the way.
 * - `hearing`: its packets arrive, however quiet the room is.
 * - `lost`: it was heard, and now it is not.
 *
 * @typedef {"idle" | "waiting" | "joining" | "hearing" | "lost"} Phase
 */

/**
 * Why there is no sound: the relay is not reached; nobody sends under that name; the stream
 * ended; its sender went silent; its packets do not arrive here; the connection failed.
 *
 * @typedef {"unreachable" | "absent" | "ended" | "stalled" | "silent" | "failed"} Reason
 */

/**
 * @typedef {Object} Status
 * @property {Phase} phase
 * @property {Reason | null} reason
 * @property {StreamDetails | null} stream the stream as it is, or was last
 * @property {RelayError | null} error what the relay said about the last try
 * @property {string | null} endReason why the stream ended, in the relay's word
 */

/**
 * @typedef {Object} Facts
 * @property {boolean} wanted
 * @property {boolean} reachable whether the relay answers and told its streams
 * @property {boolean} heard whether this stream was heard since it is followed
 * @property {StreamDetails | null} live the stream in the relay's list
 * @property {boolean} succeeded whether it was replaced by a new session of the same device
 * @property {number} silent_ms since the last packet; Infinity without a connection
 * @property {RelayError | null} error
 */

/**
 * Say how it stands.
 *
 * @param {Facts} facts
 * @returns {{phase: Phase, reason: Reason | null}}
 */
export function judge(facts) {
  if (!facts.wanted) return { phase: "idle", reason: null };
  const { reachable, live, silent_ms, succeeded } = facts;
  const flowing = silent_ms < SILENCE_MS;
  if (reachable && live?.state === "stalled") return without(facts, "stalled");
  if (flowing && (!reachable || live || succeeded)) return { phase: "hearing", reason: null };
  if (!reachable) return without(facts, "unreachable");
  if (!live) return without(facts, facts.heard ? "ended" : "absent");
  if (facts.error) return without(facts, "failed");
  if (facts.heard) return without(facts, "silent");
  return { phase: "joining", reason: null };
}

/**
 * @param {Facts} facts
 * @param {Reason} reason
 * @returns {{phase: Phase, reason: Reason}}
 */
function without({ heard }, reason) {
  return { phase: heard ? "lost" : "waiting", reason };
}
