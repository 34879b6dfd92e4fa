/** From quiet to loud in colours that also differ in brightness, for who sees no colours. */

const STOPS = [
  [24, 30, 70],
  [22, 62, 104],
  [11, 107, 112],
  [79, 175, 127],
  [233, 214, 107],
  [255, 250, 228],
];

/**
 * @param {number} share 0 to 1
 * @returns {[number, number, number]} red, green and blue, 0 to 255
 */
export function heatColour(share) {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(place));
  const [low, high] = [STOPS[below], STOPS[below + 1]];
  const mix = (/** @type {number} */ channel) =>
    Math.round(low[channel] + (high[channel] - low[channel]) * (place - below));
  return [mix(0), mix(1), mix(2)];
}

/**
 * Fill a canvas from left to right with all of them.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function drawLegend(canvas) {
  const context = canvas.getContext("2d");
  if (!context) return;
  for (let x = 0; x < canvas.width; x++) {
    context.fillStyle = `rgb(${heatColour(x / (canvas.width - 1)).join(" ")})`;
    context.fillRect(x, 0, 1, canvas.height);
  }
}
