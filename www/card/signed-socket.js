/**
 * A socket through Home Assistant's integration.
 *
 * A browser shows no login with a socket, so Home Assistant signs the address; that is good for
 * seconds, and each new line asks for another.
 */

/** @import { Hass } from "./ingress.js" */

/** Of the integration; see `custom_components/earshot/const.py`. */
export const SOCKET_PATH = "/api/earshot/ws";

/**
 * Return what opens such sockets, in place of `WebSocket`.
 *
 * @param {Pick<Hass, "callWS">} hass
 * @param {typeof WebSocket} [Socket]
 * @returns {typeof WebSocket}
 */
export function signedSocket({ callWS }, Socket = globalThis.WebSocket) {
  class SignedSocket {
    /** @type {BinaryType} */
    binaryType = "blob";
    onopen = null;
    onmessage = null;
    /** @type {((event: {code: number}) => void) | null} */
    onclose = null;
    /** @type {WebSocket | null} */
    #socket = null;
    #closed = false;

    /** @param {string} url where the signed path leads to */
    constructor(url) {
      void this.#open(url);
    }

    /** @param {string | ArrayBuffer} data */
    send(data) {
      this.#socket?.send(data);
    }

    /** @param {number} [code] */
    close(code) {
      this.#closed = true;
      this.#socket?.close(code);
    }

    /** @param {string} url */
    async #open(url) {
      let path;
      try {
        ({ path } = await callWS({ type: "auth/sign_path", path: new URL(url).pathname }));
      } catch {
        this.onclose?.({ code: 1006 }); // as if nobody had answered
        return;
      }
      if (this.#closed) return;
      const socket = new Socket(new URL(path, url));
      socket.binaryType = this.binaryType;
      Object.assign(socket, { onopen: this.onopen, onmessage: this.onmessage, onclose: this.onclose });
      this.#socket = socket;
    }
  }
  return /** @type {any} */ (SignedSocket);
}
