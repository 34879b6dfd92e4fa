/**
 * Which way sound takes: WebRTC, or the line itself where UDP cannot go.
 *
 * Rule 1: WebRTC is tried first, unless the page's address says otherwise.
 * Rule 2: what was found out holds for the other pages of this tab too. Where WebRTC worked
 * before, its failure is one of the moment: on the next line it is tried again.
 */

import { HEARD_FORMATS, SENT_FORMATS } from "./sound-formats.js";

/** @typedef {"webrtc" | "websocket"} Transport */
/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} Memory */

/** @type {Transport[]} */
const TRANSPORTS = ["webrtc", "websocket"];
const KEY = "earshot.transport";

export class TransportChoice {
  #forced;
  #memory;
  /** @type {Transport} */
  #current = "webrtc";
  #worked = false;

  /**
   * @param {Object} [options]
   * @param {string | null} [options.forced] by the page's address; what it does not know is no force
   * @param {Memory | null} [options.memory] of this tab
   * @param {boolean} [options.possible] whether the browser has WebRTC at all
   */
  constructor({ forced = null, memory = null, possible = true } = {}) {
    this.#forced = TRANSPORTS.find((transport) => transport === forced) ?? null;
    this.#memory = memory;
    const remembered = memory?.getItem(KEY) === "websocket";
    this.#current = this.#forced ?? (remembered || !possible ? "websocket" : "webrtc");
  }

  get current() {
    return this.#current;
  }

  /** What `start_receiving` says of it. */
  get receiving() {
    return this.#fields(HEARD_FORMATS);
  }

  /** What `start_sending` says of it. */
  get sending() {
    return this.#fields(SENT_FORMATS);
  }

  /** Sound flows. */
  succeed() {
    this.#worked ||= this.#current === "webrtc";
  }

  /**
   * There is no way for UDP.
   *
   * @returns {boolean} whether there is another way to try
   */
  fallBack() {
    if (this.#forced || this.#current === "websocket") return false;
    this.#current = "websocket";
    if (!this.#worked) this.#memory?.setItem(KEY, "websocket");
    return true;
  }

  /** There is another line; in another network all is open again. */
  renew({ roamed = false } = {}) {
    if (this.#forced || !(this.#worked || roamed)) return;
    this.#current = "webrtc";
    this.#memory?.removeItem(KEY);
  }

  /** @param {import("./sound-formats.js").SoundFormat[]} formats */
  #fields(formats) {
    return this.#current === "websocket"
      ? { transport: /** @type {const} */ ("websocket"), formats }
      : {};
  }
}

/** WebRTC or nothing. */
export const WEBRTC_ONLY = new TransportChoice({ forced: "webrtc" });

/** What this page's address and this tab say. */
export function pageTransport() {
  return new TransportChoice({
    forced: new URLSearchParams(location.search).get("transport"),
    memory: tabMemory(),
    possible: typeof RTCPeerConnection === "function",
  });
}

/** @returns {Storage | null} null where the browser keeps it from us, as in some frames */
function tabMemory() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
