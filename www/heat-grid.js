/** Hours of history put into a table of days: which hour of which day was how. */

import { average } from "./history-series.js";

/** @import { HistoryAnswer } from "./history-api.js" */

export const HOURS = 24;

/**
 * @typedef {Object} Day
 * @property {Date} date its midnight, where this browser is
 * @property {(number | null)[]} hours 24 values, null where nothing was measured
 */

/**
 * Return the last days, oldest first, as the clock on the wall had them.
 *
 * @param {HistoryAnswer} answer with a step of an hour at most
 * @param {string} feature
 * @param {number} count
 * @returns {Day[]}
 */
export function daysOf({ times, mean, to }, feature, count) {
  const last = new Date(to * 1000 - 1);
  const days = Array.from({ length: count }, (_, index) => ({
    date: new Date(last.getFullYear(), last.getMonth(), last.getDate() - (count - 1 - index)),
    /** @type {number[][]} An hour that the clock shows twice counts as one. */
    found: Array.from({ length: HOURS }, () => []),
  }));
  const byDate = new Map(days.map((day) => [day.date.toDateString(), day]));
  times.forEach((time, index) => {
    const at = new Date(time * 1000);
    const value = mean[feature]?.[index] ?? null;
    if (value !== null) byDate.get(at.toDateString())?.found[at.getHours()].push(value);
  });
  return days.map(({ date, found }) => ({
    date,
    hours: found.map((values) => (values.length ? average(values) : null)),
  }));
}

/**
 * Say of a day what a person looks for in a picture of it.
 *
 * @param {Day} day
 * @returns {{mean: number, top: number, topHour: number} | null} null for a day of which nothing is known
 */
export function outlineOf({ hours }) {
  const values = hours.filter((value) => value !== null);
  if (values.length === 0) return null;
  const top = Math.max(...values);
  return { mean: average(values), top, topHour: hours.indexOf(top) };
}
