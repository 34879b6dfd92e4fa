/** What a page does that is not let in: it leads to where that is done. */

import { element } from "./element.js";
import { askWhoIAm, isStranger, pairingAddress } from "./who-am-i.js";

/** @import { RelayClient } from "./relay-client.js" */

/**
 * Watch a line that does not come about: is it the network, or is this browser a stranger?
 *
 * A page that was never let in goes to the page of pairing. One that was, says so and stays:
 * somebody may rely on it to tell, and to sound an alarm, that nothing is heard any more.
 *
 * @param {RelayClient} relay
 */
export function leadStrangers(relay) {
  let asking = false;
  /** @type {HTMLElement | null} */
  let notice = null;
  relay.on("state", async (state) => {
    if (state === "open") {
      notice?.remove();
      notice = null;
    }
    if (state !== "waiting" || asking) return;
    asking = true;
    const stranger = isStranger(await askWhoIAm());
    asking = false;
    if (!stranger || relay.state === "open") return;
    if (relay.line === 0) location.replace(pairingAddress(location.href));
    else notice ??= showNotice();
  });
}

function showNotice() {
  const notice = element(
    "section",
    { class: "notice stranger", role: "alert" },
    element("h2", {}, "This device is not let in any more"),
    element(
      "p",
      {},
      "It was revoked, or only paired devices may come in now. That is no fault of the network.",
    ),
    element(
      "p",
      {},
      element("a", { class: "button primary", href: pairingAddress(location.href) }, "Pair this device"),
    ),
  );
  document.querySelector("main")?.prepend(notice);
  return notice;
}
