/** Says on the page that sound takes the line instead of WebRTC, and what that costs. */

import { find, say } from "./element.js";

/**
 * @param {boolean} overSocket
 * @param {number | null} [delay_ms] from the microphone to here, where it is known
 */
export function showWay(overSocket, delay_ms = null) {
  const note = find("way", HTMLElement);
  note.hidden = !overSocket;
  const delay = delay_ms === null ? "" : ` Delay: ${Math.round(delay_ms)} ms.`;
  if (overSocket) say(note, `Sound takes the web connection instead of WebRTC.${delay}`);
}
