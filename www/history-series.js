/** What the relay answered about history, made ready to be drawn. */

/** @import { Column, HistoryAnswer, NoticedEvent } from "./history-api.js" */
/** @import { Span } from "./history-range.js" */

/**
 * @typedef {Object} Series
 * @property {number[]} times
 * @property {Column} mean
 * @property {Column} maximum
 * @property {Column} minimum
 */

const HOLE_STEPS = 1.5;

/**
 * Return one feature over time. Where nothing was measured there is a time with nothing, so that no
 * line is drawn across.
 *
 * @param {HistoryAnswer} answer
 * @param {string} feature
 * @returns {Series}
 */
export function seriesOf({ times, step, mean, minimum, maximum }, feature) {
  /** @type {Series} */
  const series = { times: [], mean: [], maximum: [], minimum: [] };
  times.forEach((time, index) => {
    const before = times[index - 1];
    if (before !== undefined && time - before > HOLE_STEPS * step) {
      push(series, before + step, null, null, null);
    }
    const middle = mean[feature]?.[index] ?? null;
    push(
      series,
      time,
      middle,
      maximum[feature]?.[index] ?? middle,
      minimum[feature]?.[index] ?? middle,
    );
  });
  return series;
}

/**
 * @param {Series} series
 * @param {number} time
 * @param {number | null} mean
 * @param {number | null} maximum
 * @param {number | null} minimum
 */
function push(series, time, mean, maximum, minimum) {
  series.times.push(time);
  series.mean.push(mean);
  series.maximum.push(maximum);
  series.minimum.push(minimum);
}

/**
 * @typedef {Object} Moment everything that is known of one step
 * @property {number} time
 * @property {number} step
 * @property {{mean: number, minimum: number, maximum: number} | null} level_dbfs
 * @property {number | null} pitch_hz
 * @property {number | null} speech_ratio
 * @property {NoticedEvent[]} events
 */

/**
 * @param {HistoryAnswer} answer
 * @param {number} time
 * @returns {Moment | null} null where nothing was measured
 */
export function momentAt(answer, time) {
  const { times, step, mean, minimum, maximum } = answer;
  const after = times.findIndex((began) => began > time);
  const index = (after < 0 ? times.length : after) - 1;
  if (index < 0 || time - times[index] > HOLE_STEPS * step) return null;
  const began = times[index];
  const level = mean.level_dbfs?.[index] ?? null;
  return {
    time: began,
    step,
    level_dbfs:
      level === null
        ? null
        : {
            mean: level,
            minimum: minimum.level_dbfs?.[index] ?? level,
            maximum: maximum.level_dbfs?.[index] ?? level,
          },
    pitch_hz: mean.pitch_hz?.[index] ?? null,
    speech_ratio: mean.speech_ratio?.[index] ?? null,
    events: answer.events.filter((event) => touches(event, { from: began, to: began + step })),
  };
}

/**
 * @param {NoticedEvent} event
 * @param {Span} span
 */
export function touches({ began_at, ended_at }, { from, to }) {
  return began_at < to && (ended_at ?? Infinity) >= from;
}

/**
 * @typedef {Object} Summary
 * @property {number} mean_dbfs
 * @property {number} loudest_dbfs
 * @property {number} loudest_at
 * @property {number | null} speech_ratio
 */

/**
 * @param {HistoryAnswer} answer
 * @returns {Summary | null} null if nothing was measured
 */
export function summaryOf({ times, mean, maximum }) {
  const levels = known(mean.level_dbfs);
  if (levels.length === 0) return null;
  const peaks = maximum.level_dbfs ?? mean.level_dbfs;
  let loudest = -1;
  peaks.forEach((peak, index) => {
    if (peak !== null && (loudest < 0 || peak > Number(peaks[loudest]))) loudest = index;
  });
  const speech = known(mean.speech_ratio);
  return {
    mean_dbfs: average(levels),
    loudest_dbfs: Number(peaks[loudest]),
    loudest_at: times[loudest],
    speech_ratio: speech.length ? average(speech) : null,
  };
}

/** @param {Column} [column] */
function known(column = []) {
  return column.filter((value) => value !== null);
}

/** @param {number[]} values at least one */
export function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
