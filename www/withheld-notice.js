/** Says why the browser gives this page no microphone, and how to open it so that it does. */

import { element, find, say } from "./element.js";
import { withheld } from "./microphone.js";
import { askTls, httpsAddress } from "./tls-state.js";

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
  say(title, "This page cannot use the microphone yet");
  say(text, "Browsers give the microphone only to secure pages, and this one came over plain http.");
  void showSteps(new URL(location.href));
  return true;
}

/** @param {URL} page */
async function showSteps(page) {
  const tls = await askTls();
  const list = find("withheld-steps", HTMLElement);
  list.append(...(tls?.https ? stepsToHttps(page, tls.https_port) : stepsElsewhere(page)));
}

/**
 * @param {URL} page
 * @param {number} port
 */
function stepsToHttps(page, port) {
  const file = page.pathname.slice(page.pathname.lastIndexOf("/") + 1);
  const secure = httpsAddress(file, page.href, port);
  return [
    element(
      "li",
      {},
      "Once on this device: ",
      element("a", { href: "trust.html" }, "trust this server"),
      ".",
    ),
    element("li", {}, "Then open ", element("a", { href: secure }, secure), " instead."),
  ];
}

/** @param {URL} page */
function stepsElsewhere(page) {
  const local = new URL(page);
  local.hostname = "localhost";
  return [
    "Open Earshot through Home Assistant, if you open that with https or in its app.",
    "Switch https on with the option ssl, or open this page by the https address of a reverse proxy.",
    `On the computer that runs Earshot, open ${local.origin}${local.pathname} there.`,
  ].map((step) => element("li", {}, step));
}
