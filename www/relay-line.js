/** A page's line to the relay: made beside the page's address, woken with the page, shown in its bar. */

import { find, say } from "./element.js";
import { RelayClient, socketAddress } from "./relay-client.js";
import { leadStrangers } from "./stranger-notice.js";
import { LINE_TEXT } from "./text.js";
import { wakeWithPage } from "./wake.js";

/** A line that tries again at once when the person is back, and begins anew in another network. */
export function openLine() {
  const relay = new RelayClient({ url: socketAddress(location.href) });
  wakeWithPage(relay);
  leadStrangers(relay);
  relay.open();
  return relay;
}

/**
 * Show in the page's bar how a line stands.
 *
 * @param {RelayClient} relay
 */
export function showLine(relay) {
  const bar = find("line", HTMLElement);
  const show = () => {
    bar.dataset.state = relay.state;
    const full = relay.full && relay.state === "waiting";
    say(bar, full ? "Earshot is full" : LINE_TEXT[relay.state]);
  };
  relay.on("state", show);
  show();
}
