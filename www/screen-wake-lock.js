/** Keeps the screen on while it is wanted, where the browser allows: a dark phone may close its microphone. */

export class ScreenWakeLock {
  #wanted = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    // The system takes the lock away with the page out of sight; it does not give it back.
    document.addEventListener("visibilitychange", () => void this.#adjust());
  }

  /** @param {boolean} wanted */
  want(wanted) {
    this.#wanted = wanted;
    void this.#adjust();
  }

  async #adjust() {
    const held = this.#lock && !this.#lock.released;
    if (!this.#wanted) {
      await this.#lock?.release();
      this.#lock = null;
    } else if (!held && document.visibilityState === "visible" && "wakeLock" in navigator) {
      // A low battery is a reason to refuse; the page works without.
      this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
    }
  }
}
