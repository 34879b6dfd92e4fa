/** Who hears what this page sends, and how they are sent away. */

import { Emitter } from "./emitter.js";

/** @import { Audience } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

/** @extends {Emitter<{change: Audience}>} */
export class OwnAudience extends Emitter {
  #relay;
  /** @type {Audience | null} */
  #told = null;

  /** @param {RelayClient} relay the line that sends */
  constructor(relay) {
    super();
    this.#relay = relay;
    relay.on("audience", (audience) => {
      this.#told = audience;
      this.emit("change", audience);
    });
  }

  /**
   * @param {string | null | undefined} streamId
   * @returns {Audience | null} null while nothing was told of this stream
   */
  of(streamId) {
    return streamId && this.#told?.stream_id === streamId ? this.#told : null;
  }

  /**
   * Send one device away for five minutes, or all that listen now.
   *
   * @param {string} [who]
   */
  hush(who) {
    this.#relay.send(who === undefined ? { type: "hush" } : { type: "hush", who });
  }

  /** Let those who were sent away come back. */
  letBack() {
    this.#relay.send({ type: "unhush" });
  }
}
