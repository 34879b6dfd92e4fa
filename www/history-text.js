/** The words of the page of history. */

import { ApiError } from "./api.js";
import { apiErrorText, counted, durationText } from "./text.js";

/** @import { NoticedEvent } from "./history-api.js" */
/** @import { Span } from "./history-range.js" */
/** @import { Moment, Summary } from "./history-series.js" */

/** @type {Record<string, string>} */
const KINDS = {
  noise: "Loud sound",
  speech: "Speech",
  cry: "Crying",
  silence: "Silence where sound was expected",
  microphone_dead: "Microphone dead",
  stalled: "No sound arrived",
  lost: "Stream lost",
};

/** @param {string} kind */
export function kindText(kind) {
  return KINDS[kind] ?? kind.replaceAll("_", " ");
}

/** @param {number} value */
export function dbText(value) {
  const whole = Math.round(value);
  return `${whole < 0 ? "−" : ""}${Math.abs(whole)} dB`;
}

/** @param {number} share 0 to 1 */
export function shareText(share) {
  return `${Math.round(share * 100)} %`;
}

/**
 * @param {Date} date
 * @param {boolean} [seconds]
 */
function timeOf(date, seconds = false) {
  /** @type {Intl.DateTimeFormatOptions} */
  const style = { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) };
  return date.toLocaleTimeString([], style);
}

/** @param {Date} date */
export function dayText(date) {
  return date.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });
}

/**
 * A time as short as it can be said.
 *
 * @param {number} time seconds since 1970
 * @param {boolean} [seconds]
 */
export function momentText(time, seconds = false) {
  const date = new Date(time * 1000);
  const today = date.toDateString() === new Date().toDateString();
  return today ? timeOf(date, seconds) : `${dayText(date)}, ${timeOf(date, seconds)}`;
}

/**
 * @param {Span} span
 */
export function spanText({ from, to }) {
  const [begin, end] = [new Date(from * 1000), new Date(to * 1000)];
  const seconds = to - from < 600;
  if (begin.toDateString() === end.toDateString()) {
    return `${dayText(begin)}, ${timeOf(begin, seconds)} – ${timeOf(end, seconds)}`;
  }
  const times = to - from < 3 * 86_400;
  const text = (/** @type {Date} */ date) =>
    times ? `${dayText(date)}, ${timeOf(date)}` : dayText(date);
  return `${text(begin)} – ${text(end)}`;
}

/**
 * What stands at a mark of the axis of time.
 *
 * @param {number} time seconds since 1970
 * @param {number} distance seconds to the next mark
 */
export function tickText(time, distance) {
  const date = new Date(time * 1000);
  const midnight = date.getHours() + date.getMinutes() + date.getSeconds() === 0;
  if (distance >= 86_400 || midnight) {
    return date.toLocaleDateString([], { day: "numeric", month: "short" });
  }
  return timeOf(date, distance < 60);
}

/** @param {Moment} moment */
export function readoutText({ time, step, level_dbfs, pitch_hz, speech_ratio, events }) {
  const said = [momentText(time, step < 60)];
  if (level_dbfs) {
    const { mean, minimum, maximum } = level_dbfs;
    const between = maximum - minimum >= 1 ? ` (${dbText(minimum)} to ${dbText(maximum)})` : "";
    said.push(dbText(mean) + between);
  }
  if (pitch_hz !== null) said.push(`${Math.round(pitch_hz)} Hz`);
  if (speech_ratio !== null) said.push(`voice ${shareText(speech_ratio)}`);
  for (const kind of new Set(events.map(({ kind }) => kindText(kind)))) said.push(kind);
  return said.join(" · ");
}

/**
 * What the plots show, for who does not see them.
 *
 * @param {Summary} summary
 * @param {number} events
 */
export function summaryText({ mean_dbfs, loudest_dbfs, loudest_at, speech_ratio }, events) {
  const voice = speech_ratio === null ? "" : ` · voice ${shareText(speech_ratio)} of the time`;
  const loudest = `loudest ${dbText(loudest_dbfs)} at ${momentText(loudest_at)}`;
  return `On average ${dbText(mean_dbfs)} · ${loudest}${voice} · ${counted(events, "event")}`;
}

/**
 * How long something lasted, and how loud it was.
 *
 * @param {NoticedEvent} event
 */
export function eventFacts({ began_at, ended_at, level_dbfs }) {
  const lasted = ended_at === null ? "goes on" : durationText(Math.max(1, ended_at - began_at));
  return level_dbfs === null ? lasted : `${lasted}, up to ${dbText(level_dbfs)}`;
}

/**
 * @typedef {Object} Notice
 * @property {string} title
 * @property {string} text what to do next
 */

/**
 * Why there is nothing to be seen.
 *
 * @param {unknown} error
 * @returns {Notice}
 */
export function failureNotice(error) {
  if (error instanceof ApiError && error.code === "history_off") return HISTORY_OFF;
  return {
    title: error instanceof ApiError ? "This cannot be shown" : "Earshot is not reachable",
    text: `${apiErrorText(error)}${error instanceof ApiError ? "" : " Trying again by itself."}`,
  };
}

/** @type {Notice} */
const HISTORY_OFF = {
  title: "Nothing is remembered",
  text: "History is switched off. Set the option “history” to on and restart Earshot: in Home Assistant under Settings → Apps → Earshot → Configuration. What is kept are numbers, never sound.",
};

/** @type {Notice} */
export const NOTHING_YET = {
  title: "Nothing was measured yet",
  text: "History begins when a room is on the air and analysed. Send a microphone, then switch on “Analyse this room always” below; the first points come within a minute.",
};

/** @type {Notice} */
export const NOTHING_THEN = {
  title: "Nothing was measured in this time",
  text: "The room was not on the air then, or nobody had it analysed. Go back, choose a longer time, or switch on “Analyse this room always” below.",
};

/** What becomes of a room that is analysed always, or is not. */
export const ANALYSIS_TEXT = {
  always: "Measured whenever it is on the air. Numbers are kept, never sound.",
  on_demand:
    "Measured while somebody looks at it, and where alerts or clips of its sounds are wanted. Gaps in the history are the other times.",
  off: "Never measured.",
};

export const FORGOTTEN = "Deleted.";

/**
 * @param {string} title of the room
 * @param {Span} span
 */
export function forgetText(title, span) {
  return `Everything measured of ${title} from ${momentText(span.from)} to ${momentText(span.to)} will be gone, with its events. This cannot be undone.`;
}
