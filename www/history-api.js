/** What was measured, asked of the relay. */

import { ask } from "./api.js";

/** @import { Span } from "./history-range.js" */

/** @typedef {(number | null)[]} Column an item for each time */

/**
 * @typedef {Object} NoticedEvent
 * @property {string} id
 * @property {string} kind
 * @property {number} began_at seconds since 1970
 * @property {number | null} ended_at null while it goes on
 * @property {number | null} level_dbfs
 */

/**
 * @typedef {Object} HistoryAnswer
 * @property {string} stream
 * @property {number} from
 * @property {number} to
 * @property {number} step seconds
 * @property {number[]} times when each step began; holes are left out
 * @property {Record<string, Column>} mean by the name of the feature
 * @property {Record<string, Column>} minimum
 * @property {Record<string, Column>} maximum
 * @property {NoticedEvent[]} events
 */

/**
 * @typedef {Object} KnownStream
 * @property {string} stream
 * @property {string | null} name
 * @property {number} since
 * @property {number} until
 * @property {boolean} live
 */

/** @typedef {"off" | "on_demand" | "always"} AnalysisMode */

/**
 * @param {string} stream
 * @param {Span} span
 * @param {Record<string, string>} [rest]
 */
function query(stream, { from, to }, rest = {}) {
  const fields = { stream, from: from.toFixed(0), to: to.toFixed(0), ...rest };
  return `api/history?${new URLSearchParams(fields)}`;
}

/**
 * Of whom there is history, and in which formats; not every house has the library for all.
 *
 * @returns {Promise<{streams: KnownStream[], formats: string[]}>}
 */
export async function askKnownStreams() {
  return ask("GET", "api/history/streams");
}

/**
 * @param {string} stream
 * @param {Span} span
 * @param {string[]} features
 * @param {number} [step_s] without it the relay chooses
 * @returns {Promise<HistoryAnswer>}
 */
export function askHistory(stream, span, features, step_s) {
  const step = step_s ? { step: String(step_s) } : null;
  return ask("GET", query(stream, span, { features: features.join(","), ...step }));
}

/**
 * @param {string} stream
 * @param {Span} span
 * @returns {Promise<number>} how many rows are gone
 */
export async function forget(stream, span) {
  return (await ask("DELETE", query(stream, span))).deleted;
}

/**
 * Where a file of it is found, beside the page.
 *
 * @param {string} stream
 * @param {Span} span
 * @param {"csv" | "parquet"} format
 */
export function exportAddress(stream, span, format) {
  return query(stream, span, { format });
}

/**
 * @param {string} stream
 * @returns {Promise<AnalysisMode>}
 */
export async function askAnalysis(stream) {
  return (await ask("GET", analysisAddress(stream))).mode;
}

/**
 * @param {string} stream
 * @param {AnalysisMode} mode
 */
export async function setAnalysis(stream, mode) {
  await ask("PUT", analysisAddress(stream), { mode });
}

/** @param {string} stream */
function analysisAddress(stream) {
  return `api/streams/${encodeURIComponent(stream)}/analysis`;
}
