/** When a line is worth another look at once: the person is back, or the network is another one. */

/** @import { RelayClient } from "./relay-client.js" */

/**
 * Wake a line with its page, and begin it anew in another network.
 *
 * @param {RelayClient} relay
 * @param {AbortSignal} [signal] ends it; without one it lasts as long as the page
 */
export function wakeWithPage(relay, signal) {
  const wake = () => relay.wake();
  onOtherNetwork(() => relay.roam(), signal);
  addEventListener("pageshow", wake, { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") wake();
    },
    { signal },
  );
}

/**
 * Call when this device has changed its network, or has one again.
 *
 * @param {() => void} moved
 * @param {AbortSignal} [signal]
 */
function onOtherNetwork(moved, signal) {
  addEventListener("online", moved, { signal });
  // Phones tell their kind of network; others tell only how fast they think it is.
  const connection = "connection" in navigator ? /** @type {any} */ (navigator.connection) : null;
  let type = connection?.type;
  connection?.addEventListener(
    "change",
    () => {
      if (connection.type === type) return;
      type = connection.type;
      if (type !== "none") moved();
    },
    { signal },
  );
}
