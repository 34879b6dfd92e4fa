/** The place on a page where trouble is told, in words, and read out at once. */

import { find } from "./element.js";

const PASSING_MS = 10_000;

/**
 * Tell of trouble, or that it is over.
 *
 * @param {string | null} text null: it is over
 */
export function showTrouble(text) {
  const place = find("trouble", HTMLElement);
  place.hidden = text === null;
  if (place.textContent !== (text ?? "")) place.textContent = text;
}

/**
 * Tell of something that needs nothing to be done, and take it away after a while.
 *
 * @param {string} text
 */
export function showPassingTrouble(text) {
  showTrouble(text);
  setTimeout(() => {
    if (find("trouble", HTMLElement).textContent === text) showTrouble(null);
  }, PASSING_MS);
}
