/** How it stands with a card, in words: worked out from the facts. */

import { endedOnPurpose } from "../end-reason.js";

/** @import { Status } from "../hearing-status.js" */
/** @import { StreamDetails } from "../protocol.js" */
/** @import { LineState } from "../relay-client.js" */
/** @import { SenderPhase } from "../sending-status.js" */
/** @import { Speak } from "./words.js" */
/** @import { WordKey } from "./words/en.js" */

/**
 * What a card looks like: `quiet`, nobody is on air; `air`, somebody is; `heard`, and plays here;
 * `waiting`, soon or after a tap; `talking`, this device is on air; `lost`, something is wrong.
 *
 * @typedef {"quiet" | "air" | "heard" | "waiting" | "talking" | "lost"} Mood
 */

/**
 * @typedef {Object} Talk
 * @property {boolean} opening whether the microphone is on its way
 * @property {SenderPhase} phase
 * @property {string} name
 */

/**
 * @typedef {Object} Facts
 * @property {{obstacle: WordKey, detail: string} | null} obstacle why there is no way to Earshot
 * @property {LineState} line
 * @property {string | null} address of Earshot, where a person may open it too
 * @property {string | null} asked the stream that the card is for
 * @property {StreamDetails | null} stream that is on air
 * @property {boolean} listens whether the card may play at all
 * @property {Status} hearing
 * @property {boolean} refused whether the browser waits for a tap
 * @property {Talk | null} talk null: nobody talks here
 */

/**
 * @typedef {Object} CardStatus
 * @property {Mood} mood
 * @property {string} chip
 * @property {string} headline whom or what it is about, empty for nobody
 * @property {string} explanation
 */

/**
 * Say how it stands.
 *
 * @param {Facts} facts
 * @param {Speak} speak
 * @returns {CardStatus}
 */
export function cardStatus(facts, speak) {
  if (facts.talk) return talkStatus(facts.talk, speak);
  const { mood, key, more = /** @type {WordKey} */ (`${key}_more`), values } = judge(facts);
  const title = titled(facts, speak);
  // What is in the way is no stream's fault.
  const headline = mood === "lost" && key !== "lost" ? null : title;
  return { mood, chip: speak(key), headline: headline ?? "", explanation: speak(more, values) };
}

/**
 * What people call a stream.
 *
 * @param {Pick<StreamDetails, "name" | "stream_id">} stream
 * @param {Speak} speak
 */
export function titleOf({ name, stream_id }, speak) {
  return name ?? speak("unnamed", { id: stream_id.slice(7, 11) });
}

/**
 * @param {Talk} talk
 * @param {Speak} speak
 * @returns {CardStatus}
 */
function talkStatus({ opening, phase, name }, speak) {
  const say = (/** @type {Mood} */ mood, /** @type {WordKey} */ key) => ({
    mood,
    chip: speak(mood === "talking" ? "on_air" : key),
    headline: speak(key),
    explanation: speak(/** @type {WordKey} */ (`${key}_more`), { name }),
  });
  if (opening) return say("waiting", "opening");
  if (phase === "live") return say("talking", "talking");
  return phase === "lost" ? say("lost", "unheard") : say("waiting", "starting");
}

/**
 * @param {Facts} facts
 * @returns {{mood: Mood, key: WordKey, more?: WordKey, values?: Record<string, string>}}
 */
function judge({ obstacle, line, address, asked, stream, listens, hearing, refused }) {
  const quiet = { mood: /** @type {Mood} */ ("quiet"), key: /** @type {WordKey} */ ("quiet") };
  const nobody = asked === null ? quiet : { ...quiet, more: /** @type {WordKey} */ ("absent_more") };
  if (hearing.phase === "hearing") return heard(hearing, refused);
  if (obstacle) {
    return { mood: "lost", key: "problem", more: obstacle.obstacle, values: { detail: obstacle.detail } };
  }
  if (line === "waiting") {
    if (address === null) return { mood: "lost", key: "unreachable" };
    return { mood: "lost", key: "unreachable", more: "unreachable_at", values: { address } };
  }
  if (line !== "open") return { mood: "waiting", key: "connecting" };
  if (hearing.phase === "lost" && !goneOnPurpose(hearing)) return { mood: "lost", key: "lost" };
  if (!stream) return nobody;
  if (stream.state === "stalled") return { mood: "lost", key: "lost" };
  if (hearing.phase !== "idle") return { mood: "waiting", key: "joining" };
  if (stream.muted) return { mood: "quiet", key: "muted" };
  return { mood: "air", key: "on_air", more: listens ? "on_air_more" : "seen_more" };
}

/**
 * @param {Status} hearing
 * @param {boolean} refused
 * @returns {{mood: Mood, key: WordKey}}
 */
function heard({ stream }, refused) {
  if (refused) return { mood: "waiting", key: "tap" };
  return stream?.muted ? { mood: "quiet", key: "muted" } : { mood: "heard", key: "listening" };
}

/**
 * Whether nobody need worry: who was silent for a while may leave unnoticed.
 *
 * @param {Status} hearing
 */
function goneOnPurpose({ reason, endReason, stream }) {
  return reason === "ended" && (endedOnPurpose(endReason) || stream?.muted === true);
}

/**
 * @param {Facts} facts
 * @param {Speak} speak
 */
function titled({ asked, stream, hearing }, speak) {
  const heard = hearing.phase === "hearing" || (hearing.phase === "lost" && !goneOnPurpose(hearing));
  const named = stream ?? (heard ? hearing.stream : null);
  return named ? titleOf(named, speak) : asked;
}
