/** The connection's quality: one word, and the figures behind it. */

import { ConnectionQuality } from "./connection-quality.js";
import { find, say } from "./element.js";

/** @import { Quality } from "./connection-quality.js" */
/** @import { Receiver } from "./receiver.js" */

export class QualityView {
  #quality = new ConnectionQuality();

  /** @param {Receiver} receiver */
  constructor(receiver) {
    receiver.on("media", () => this.#quality.reset());
    receiver.on("report", (report) => this.#show(this.#quality.update(report)));
    receiver.on("status", ({ phase }) => {
      if (phase === "hearing") return;
      say(find("quality-word", HTMLElement), phase === "lost" ? "lost" : "–");
    });
    this.#receiver = receiver;
  }

  #receiver;

  /** @param {Quality | null} quality */
  #show(quality) {
    if (!quality || this.#receiver.status.phase !== "hearing") return;
    say(find("quality-word", HTMLElement), quality.verdict);
    say(find("quality-loss", HTMLElement), `${(quality.loss * 100).toFixed(1)} %`);
    say(find("quality-jitter", HTMLElement), milliseconds(quality.jitter_ms));
    say(find("quality-rtt", HTMLElement), milliseconds(quality.roundTrip_ms));
    say(find("quality-buffer", HTMLElement), milliseconds(quality.buffer_ms));
    say(find("quality-rate", HTMLElement), `${Math.round(quality.rate_kbps)} kbit/s`);
  }
}

/** @param {number | null} value */
function milliseconds(value) {
  if (value === null) return "not told";
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
