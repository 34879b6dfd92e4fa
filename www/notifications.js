/** Notifications of the system while a page is open: whether it can have them, and how they are shown. */

/**
 * - `insecure`: browsers give them only to secure pages.
 * - `missing`: this browser has none for pages.
 * - `default`: nobody was asked yet.
 *
 * @typedef {"insecure" | "missing" | NotificationPermission} NotificationState
 */

export class Notifications {
  #secure;
  /** @type {typeof Notification | null} */
  #Notification;

  /** @param {{isSecureContext: boolean, Notification?: typeof Notification}} window */
  constructor({ isSecureContext, Notification } = globalThis) {
    this.#secure = isSecureContext;
    this.#Notification = isSecureContext && Notification && canBeMade(Notification) ? Notification : null;
  }

  /** @returns {NotificationState} */
  get state() {
    if (!this.#secure) return "insecure";
    return this.#Notification?.permission ?? "missing";
  }

  /** Ask the person. To be called inside a gesture: browsers hold it against pages that just ask. */
  async ask() {
    await this.#Notification?.requestPermission();
  }

  /**
   * Show one, if the person lets us.
   *
   * @param {string} text
   * @param {string} tag of several with the same one the system shows the newest
   */
  show(text, tag) {
    if (!this.#Notification || this.state !== "granted") return;
    const shown = new this.#Notification("Earshot", { body: text, tag });
    shown.onclick = () => window.focus();
  }
}

/**
 * Chrome on Android has the class, but lets no page make one.
 *
 * @param {typeof Notification} Notification
 */
function canBeMade(Notification) {
  try {
    // Without a permission nothing is shown; with one it would be.
    if (Notification.permission !== "granted") new Notification("");
    return true;
  } catch {
    return false;
  }
}
