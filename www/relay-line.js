/** A page's line to the relay: made beside the page's address, woken with the page, shown in its bar. */

import { find, say } from "./element.js";
import { RelayClient, socketAddress } from "./relay-client.js";
import { LINE_TEXT } from "./text.js";

/** A line that tries again at once when the network or the person is back. */
export function openLine() {
  const relay = new RelayClient({ url: socketAddress(location.href) });
  const wake = () => relay.wake();
  addEventListener("online", wake);
  addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });
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
    say(bar, LINE_TEXT[relay.state]);
  };
  relay.on("state", show);
  show();
}
