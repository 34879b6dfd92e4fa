/** Tells on an open page of what the house wants to be alerted of, until somebody has seen it. */

import { MOST } from "./alert-feed.js";
import { element, find, say } from "./element.js";
import { recall, remember } from "./memory.js";
import { NOTIFICATION_TEXT, alertText } from "./text.js";

/** @import { AlertFeed, Told } from "./alert-feed.js" */
/** @import { Notifications } from "./notifications.js" */
/** @import { Siren } from "./siren.js" */

const SOUND = "alert-sound";

export class AlertBanner {
  #place = find("alerts", HTMLElement);
  #list = element("ul", { class: "alert-list" });
  #seen = element("button", { type: "button", class: "button primary" }, "Seen");
  #feed;
  #siren;
  #notifications;

  /**
   * @param {AlertFeed} feed
   * @param {Siren} siren
   * @param {Notifications} notifications
   */
  constructor(feed, siren, notifications) {
    this.#feed = feed;
    this.#siren = siren;
    this.#notifications = notifications;
    this.#place.append(this.#list, this.#seen);
    this.#seen.addEventListener("click", () => this.#clear());
    feed.on("alert", (told) => this.#tell(told));
    // Any gesture will do to let the browser sound an alert later.
    const unlock = () => recall(SOUND) === "on" && void siren.unlock();
    addEventListener("pointerup", unlock);
    addEventListener("keyup", unlock);
  }

  /** @param {Told} told */
  #tell({ alert, aloud }) {
    const text = alertText(alert);
    this.#list.prepend(element("li", {}, text));
    while (this.#list.children.length > MOST) this.#list.lastElementChild?.remove();
    this.#place.hidden = false;
    if (!aloud) return;
    if (recall(SOUND) === "on") void this.#siren.sound();
    this.#notifications.show(text, alert.id);
  }

  #clear() {
    this.#feed.seen();
    this.#list.replaceChildren();
    this.#place.hidden = true;
  }
}

/**
 * The choices of the listen page: whether alerts sound, and whether the system shows them.
 *
 * @param {Siren} siren
 * @param {Notifications} notifications
 */
export function bindAlertChoices(siren, notifications) {
  const wanted = find("alert-sound", HTMLInputElement);
  wanted.checked = recall(SOUND) === "on";
  wanted.addEventListener("change", () => {
    remember(SOUND, wanted.checked ? "on" : "off");
    if (wanted.checked) void siren.sound(); // a gesture, without which the browser keeps it quiet
  });
  const notify = find("alert-notify", HTMLButtonElement);
  const show = () => {
    const { state } = notifications;
    notify.hidden = state !== "default";
    say(find("alert-notify-note", HTMLElement), NOTIFICATION_TEXT[state]);
    find("alert-notify-trust", HTMLElement).hidden = state !== "insecure";
  };
  notify.addEventListener("click", () => void notifications.ask().then(show));
  const asked = navigator.permissions?.query({ name: "notifications" });
  // Some browsers know the name, but not of it; there the note changes with the next load.
  void asked?.then((status) => status.addEventListener("change", show)).catch(() => {});
  show();
}
