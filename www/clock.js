/** Time as the modules without a page see it, so that tests can bring their own. */

/**
 * @typedef {Object} Clock
 * @property {() => number} now milliseconds that only grow
 * @property {(delay_ms: number, action: () => void) => () => void} after
 *   call once after a delay; returns what cancels it
 */

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  after(delay_ms, action) {
    const timer = setTimeout(action, delay_ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Call `action` again and again until told to stop.
 *
 * @param {Clock} clock
 * @param {number} interval_ms
 * @param {() => void} action
 * @returns {() => void} ends it; calling it twice is harmless
 */
export function every(clock, interval_ms, action) {
  let cancel = clock.after(interval_ms, again);
  let ended = false;
  function again() {
    action();
    if (!ended) cancel = clock.after(interval_ms, again);
  }
  return () => {
    ended = true;
    cancel();
  };
}
