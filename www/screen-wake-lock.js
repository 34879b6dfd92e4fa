/** Keeps the screen on while it is wanted, where the browser allows: a dark phone may close its microphone. */

export class ScreenWakeLock {
  #document;
  #wakeLock;
  #wanted = false;
  #refused = false;
  #adjusting = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  /**
   * @param {Object} [parts]
   * @param {Document} [parts.document]
   * @param {WakeLock | undefined} [parts.wakeLock] browsers have none on pages without TLS
   */
  constructor({ document = globalThis.document, wakeLock = globalThis.navigator?.wakeLock } = {}) {
    this.#document = document;
    this.#wakeLock = wakeLock;
    // The system takes the lock away with the page out of sight; it does not give it back.
    document.addEventListener("visibilitychange", () => this.#tryAnew());
  }

  /** Whether there is any use in asking for it. */
  get possible() {
    return this.#wakeLock !== undefined;
  }

  /** @param {boolean} wanted */
  want(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#tryAnew();
  }

  #tryAnew() {
    this.#refused = false;
    void this.#adjust();
  }

  /** One at a time: two questions at once would get two locks, and one of them for ever. */
  async #adjust() {
    if (this.#adjusting) return;
    this.#adjusting = true;
    while (this.#due) await (this.#wanted ? this.#take() : this.#release());
    this.#adjusting = false;
  }

  get #due() {
    if (!this.#wanted) return this.#lock !== null;
    const held = this.#lock !== null && !this.#lock.released;
    return !held && !this.#refused && this.#document.visibilityState === "visible";
  }

  async #take() {
    // A low battery is a reason to refuse; the page works without.
    this.#lock = (await this.#wakeLock?.request("screen").catch(() => null)) ?? null;
    this.#refused = this.#lock === null;
  }

  async #release() {
    const lock = this.#lock;
    this.#lock = null;
    await lock?.release();
  }
}
