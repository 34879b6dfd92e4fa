/** Tells on an open page of what the house wants to be alerted of, until somebody has seen it. */

import { element, find, say } from "./element.js";
import { recall, remember } from "./memory.js";
import { alertText } from "./text.js";

/** @import { Alert } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

/** Older ones are on the page no more, but were told. */
const MOST = 5;

/**
 * @typedef {Object} Ways how a person may be told, beside the banner
 * @property {() => unknown} sound once, if the browser lets it
 * @property {Pick<typeof Notification, "permission" | "requestPermission"> & {new(title: string, options: NotificationOptions): unknown} | null} Notification
 *   null where the browser has none for this page
 */

export class AlertBanner {
  #place = find("alerts", HTMLElement);
  #list = element("ul", { class: "alert-list" });
  #seen = element("button", { type: "button", class: "button primary" }, "Seen");
  #ways;

  /**
   * @param {RelayClient} relay
   * @param {Ways} ways
   */
  constructor(relay, ways) {
    this.#ways = ways;
    this.#place.append(this.#list, this.#seen);
    this.#seen.addEventListener("click", () => this.#clear());
    relay.on("alert", (alert) => this.#tell(alert));
  }

  /** @param {Alert} alert */
  #tell(alert) {
    const text = alertText(alert);
    this.#list.prepend(element("li", {}, text));
    while (this.#list.children.length > MOST) this.#list.lastElementChild?.remove();
    this.#place.hidden = false;
    if (recall("alert-sound") === "on") void this.#ways.sound();
    const { Notification } = this.#ways;
    if (Notification?.permission === "granted") new Notification("Earshot", { body: text, tag: alert.id });
  }

  #clear() {
    this.#list.replaceChildren();
    this.#place.hidden = true;
  }
}

/**
 * The choices of the listen page: whether alerts sound, and whether the system shows them.
 *
 * @param {Ways} ways
 */
export function bindAlertChoices({ sound, Notification }) {
  const wanted = find("alert-sound", HTMLInputElement);
  wanted.checked = recall("alert-sound") === "on";
  wanted.addEventListener("change", () => {
    remember("alert-sound", wanted.checked ? "on" : "off");
    if (wanted.checked) void sound(); // a gesture, without which the browser keeps it quiet
  });
  const notify = find("alert-notify", HTMLButtonElement);
  const show = () => {
    notify.hidden = Notification === null || Notification.permission !== "default";
  };
  notify.addEventListener("click", () => void Notification?.requestPermission().then(show));
  say(notify, "Show alerts as notifications");
  show();
}

/** What the browser has for pages that are secure. @returns {Ways["Notification"]} */
export function ownNotifications() {
  return isSecureContext && "Notification" in window ? window.Notification : null;
}
