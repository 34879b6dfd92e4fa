/** Why a stream ended. */

/** After all other ends something is wrong with the device that sent. */
const WANTED_ENDS = new Set(["stopped", "goodbye", "closed_by_client", "shutdown"]);

/**
 * Whether somebody wanted a stream to end.
 *
 * @param {string | null} endReason in the relay's word
 */
export function endedOnPurpose(endReason) {
  return WANTED_ENDS.has(endReason ?? "");
}
