/** Sentences of a card: what went wrong with speaking or hearing, and who listens. */

/** @import { Audience, StreamDetails } from "../protocol.js" */
/** @import { Speak } from "./words.js" */
/** @import { WordKey } from "./words/en.js" */

/**
 * A code of the protocol with the relay's words, or one of the microphone.
 *
 * @typedef {{code: string, message?: string, error?: unknown}} Trouble
 */

/** @type {Record<string, WordKey>} */
const CODES = {
  name_taken: "name_taken",
  bad_name: "bad_name",
  not_allowed: "forbidden",
  hushed: "hushed",
  replaced: "replaced",
  capacity_exceeded: "full",
  negotiation_timeout: "blocked",
  microphone_gone: "microphone_gone",
};

/** @type {Record<string, WordKey>} */
const MICROPHONE = {
  NotAllowedError: "microphone_refused",
  SecurityError: "microphone_refused",
  NotFoundError: "microphone_missing",
  NotReadableError: "microphone_busy",
};

/**
 * @param {Trouble} trouble
 * @param {string} name under which this device speaks
 * @param {Speak} speak
 */
export function troubleText({ code, message, error }, name, speak) {
  if (code === "microphone") {
    const detail = error instanceof Error || error instanceof DOMException ? error.name : "?";
    return speak(MICROPHONE[detail] ?? "microphone_failed", { detail });
  }
  return speak(CODES[code] ?? "failed", { name, detail: message ?? code });
}

/**
 * Who hears what this device sends, by name.
 *
 * @param {Audience | null} audience
 * @param {Speak} speak
 */
export function heardByText(audience, speak) {
  if (!audience) return "";
  const { hearers, more } = audience;
  if (hearers.length === 0) return speak("heard_by_nobody");
  const names = hearers.map(({ name }) => name).join(", ");
  return speak("heard_by", {
    names: more ? speak("and_more", { names, count: more }) : names,
  });
}

/**
 * How many hear a stream.
 *
 * @param {Pick<StreamDetails, "receivers" | "listeners">} stream
 * @param {Speak} speak
 */
export function listenersText({ receivers, listeners }, speak) {
  const count = receivers + listeners;
  if (count === 0) return speak("heard_by_nobody");
  return count === 1 ? speak("heard_by_one") : speak("heard_by_many", { count });
}
