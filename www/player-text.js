/** What the player's page says about a stream, as the directory knows it. */

import { titleOfAddress } from "./text.js";

/**
 * @typedef {Object} DirectoryEntry
 * @property {string | null} name
 * @property {string | null} slug
 * @property {string | null} stream_id
 * @property {"live" | "stalled" | "silent"} state
 */

/**
 * Find who is heard under an address; the newest on the air stands last among those.
 *
 * @param {DirectoryEntry[]} streams
 * @param {string} address
 * @returns {DirectoryEntry | null}
 */
export function findEntry(streams, address) {
  if (address === "latest") return streams.filter(({ state }) => state !== "silent").at(-1) ?? null;
  const found = streams.find(({ slug, stream_id }) => [slug, stream_id].includes(address));
  return found ?? streams.find(({ name }) => name === address) ?? null;
}

/**
 * @typedef {Object} EntryText
 * @property {"live" | "stalled" | "idle"} state
 * @property {string} chip
 * @property {string} headline
 * @property {string} explanation
 */

/**
 * @param {DirectoryEntry | null} entry
 * @param {string} address
 * @returns {EntryText}
 */
export function entryText(entry, address) {
  const headline = entry?.name ?? titleOfAddress(entry?.stream_id ?? address);
  switch (entry?.state) {
    case "live":
      return {
        state: "live",
        chip: "Live",
        headline,
        explanation: "Heard here some seconds late; the listening page of Earshot is quicker.",
      };
    case "stalled":
      return {
        state: "stalled",
        chip: "Lost",
        headline,
        explanation: "No sound arrives from its sender. A player goes on with silence meanwhile.",
      };
    default:
      if (address.startsWith("stream_")) {
        return {
          state: "idle",
          chip: "Over",
          headline,
          explanation: "What was heard here has ended, and its address is not used again.",
        };
      }
      return {
        state: "idle",
        chip: "Silent",
        headline,
        explanation: "Nobody sends here now. This address stays; it is heard as soon as somebody does.",
      };
  }
}

/** @type {Record<import("./stream-audio.js").AudioState, string>} */
export const SOUND_NOTES = {
  paused: "",
  starting: "The sound is on the way…",
  playing: "",
  waiting: "The sound is interrupted. Trying again by itself.",
  refused: "This browser wants one more tap before it plays.",
};
