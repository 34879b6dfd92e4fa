/** Says on the send page that the last minutes can be heard again, and switches it off. */

import { find, say } from "./element.js";
import { recall, remember } from "./memory.js";
import { durationText } from "./text.js";

/** @import { StreamDetails } from "./protocol.js" */
/** @import { RelayClient } from "./relay-client.js" */

export class LookbackField {
  #place = find("lookback-field", HTMLElement);
  #wanted = find("lookback", HTMLInputElement);
  #note = find("lookback-note", HTMLElement);
  #relay;
  /** @type {string | null} the stream for which the choice was said already */
  #told = null;

  /** @param {RelayClient} relay the line that sends */
  constructor(relay) {
    this.#relay = relay;
    this.#wanted.addEventListener("change", () => {
      remember("lookback", this.#wanted.checked ? "on" : "off");
      relay.send({ type: "set_lookback", enabled: this.#wanted.checked });
    });
  }

  /** @param {StreamDetails | null} stream what this page sends, while it is live */
  show(stream) {
    const kept_s = stream?.lookback_s ?? 0;
    const off = recall("lookback") === "off";
    this.#place.hidden = stream === null || (kept_s === 0 && !off);
    if (stream === null) return;
    if (off && kept_s > 0 && this.#told !== stream.stream_id) {
      this.#relay.send({ type: "set_lookback", enabled: false });
    }
    this.#told = stream.stream_id;
    this.#wanted.checked = kept_s > 0;
    say(
      this.#note,
      kept_s > 0
        ? `The last ${durationText(kept_s)} of this microphone can be heard again. They are in memory only.`
        : "What this microphone heard is not kept: who was not there has missed it.",
    );
  }
}
