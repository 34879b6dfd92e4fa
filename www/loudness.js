/** Decibels as people see them: how full a meter is, and in words. */

export const QUIETEST_DBFS = -60;

/**
 * How much of a meter a level fills, 0 to 1.
 *
 * @param {number} level_dbfs
 */
export function fullness(level_dbfs) {
  return Math.min(1, Math.max(0, 1 - level_dbfs / QUIETEST_DBFS));
}

/**
 * The level of samples between -1 and 1, in dBFS, never below -100.
 *
 * @param {Float32Array<ArrayBufferLike>} samples
 */
export function level_dbfs(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return amplitude_dbfs(Math.sqrt(sum / samples.length));
}

/**
 * @param {number} amplitude 0 to 1
 */
export function amplitude_dbfs(amplitude) {
  return Math.max(-100, 20 * Math.log10(Math.max(amplitude, 1e-5)));
}

/**
 * @param {number} level
 */
export function inWords(level) {
  if (level < -55) return "silent";
  if (level < -40) return "quiet";
  if (level < -18) return "clear";
  return level < -6 ? "loud" : "very loud";
}
