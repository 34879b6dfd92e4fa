/** Says why the browser gives this page no microphone, and how to open it so that it does. */

import { element, find, say } from "./element.js";
import { withheld } from "./microphone.js";

/**
 * Show the notice if the microphone is withheld.
 *
 * @returns {boolean} whether it is
 */
export function showIfWithheld() {
  const reason = withheld(window);
  if (reason === null) return false;
  find("withheld", HTMLElement).hidden = false;
  const title = find("withheld-title", HTMLElement);
  const text = find("withheld-text", HTMLElement);
  if (reason === "unsupported") {
    say(title, "This browser has no microphone for pages");
    say(
      text,
      "Use a current Chrome, Firefox, Edge or Safari, outside of apps that show web pages inside themselves.",
    );
    return true;
  }
  say(title, "The browser keeps the microphone closed here");
  say(
    text,
    "Browsers give the microphone only to secure pages, and this page was opened with plain http. Any one of these opens it:",
  );
  find("withheld-steps", HTMLElement).append(...steps(new URL(location.href)));
  return true;
}

/** @param {URL} page */
function steps(page) {
  const local = new URL(page);
  local.hostname = "localhost";
  return [
    "Open Earshot through Home Assistant, if you open that with https or in its app.",
    "Open this page by an https address, if the house has one for it, such as that of a reverse proxy.",
    `On the computer that runs Earshot, open ${local.origin}${local.pathname} there.`,
  ].map((step) => element("li", {}, step));
}
