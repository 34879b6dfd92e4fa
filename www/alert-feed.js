/**
 * What the house is alerted of, each alert once: what the line tells, and what was told while
 * nobody here could hear it.
 *
 * Rule: what a person has seen on this device is told there no more, not on a later page either.
 */

import { ask } from "./api.js";
import { Emitter } from "./emitter.js";
import { recall, remember } from "./memory.js";

/** @import { Alert } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

/** Of those that were missed; older ones are told no more. */
export const MOST = 5;

const LATE_MS = 24 * 3600 * 1000; // beyond it a time of day would be taken for one of today
const MAX_KNOWN = 400; // twice what the relay keeps
const SEEN = "alert-seen";

/**
 * @typedef {Object} Told
 * @property {Alert} alert
 * @property {boolean} aloud false for what was before this page: who opens it looks at it
 */

/** @extends {Emitter<{alert: Told}>} */
export class AlertFeed extends Emitter {
  #relay;
  #recent;
  #line = 0;
  /** @type {Set<string>} */
  #known = new Set();
  /** @type {string | null} */
  #newest = null;

  /**
   * @param {Pick<RelayClient, "on" | "line">} relay
   * @param {() => Promise<Alert[]>} [recent] asks for the alerts of late, the newest first
   */
  constructor(relay, recent = askRecent) {
    super();
    this.#relay = relay;
    this.#recent = recent;
    relay.on("alert", (alert) => this.#tell(alert, true));
    // Whoever is told the streams is told alerts from then on: none is lost in between.
    relay.on("streams", () => this.#catchUp());
  }

  /** A person has seen all that was told. */
  seen() {
    if (this.#newest !== null) remember(SEEN, this.#newest);
  }

  /** Once for each line. */
  async #catchUp() {
    const { line } = this.#relay;
    if (line === this.#line) return;
    this.#line = line;
    for (const alert of this.#missed(await this.#recent())) this.#tell(alert, line > 1);
  }

  /** @param {Alert[]} recent */
  #missed(recent) {
    const seen = recent.findIndex(({ id }) => id === recall(SEEN));
    return (seen < 0 ? recent : recent.slice(0, seen))
      .filter(({ began_at }) => began_at * 1000 > Date.now() - LATE_MS)
      .slice(0, MOST)
      .reverse();
  }

  /**
   * @param {Alert} alert
   * @param {boolean} aloud
   */
  #tell(alert, aloud) {
    if (this.#known.has(alert.id)) return;
    this.#known.add(alert.id);
    if (this.#known.size > MAX_KNOWN) this.#known.delete([...this.#known][0]);
    this.#newest = alert.id;
    this.emit("alert", { alert, aloud });
  }
}

/** @returns {Promise<Alert[]>} */
async function askRecent() {
  try {
    return (await ask("GET", "api/alerts")).alerts;
  } catch {
    return []; // who may not hear is told nothing, and the next line asks again
  }
}
