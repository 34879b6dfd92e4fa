/** The connection's quality: one word, and the figures behind it. */

import { ConnectionQuality } from "./connection-quality.js";
import { find, say } from "./element.js";

/** @import { Quality } from "./connection-quality.js" */
/** @import { Receiver } from "./receiver.js" */
/** @import { RelayClient } from "./relay-client.js" */

const COMPARE_CLOCKS_EVERY = 5; // reports, one a second

export class QualityView {
  #quality = new ConnectionQuality();
  #relay;
  #receiver;
  #reports = 0;

  /**
   * @param {Receiver} receiver
   * @param {RelayClient} relay
   */
  constructor(receiver, relay) {
    this.#receiver = receiver;
    this.#relay = relay;
    receiver.on("media", () => this.#quality.reset());
    receiver.on("report", (report) => this.#reported(report));
    receiver.on("status", ({ phase }) => {
      if (phase === "hearing") return;
      say(find("quality-word", HTMLElement), phase === "lost" ? "lost" : "–");
    });
  }

  /** @param {RTCStatsReport} report */
  #reported(report) {
    this.#show(this.#quality.update(report, this.#relay.time_ms));
    this.#reports += 1;
    if (this.#reports % COMPARE_CLOCKS_EVERY === 0) this.#relay.askTime();
  }

  /** @param {Quality | null} quality */
  #show(quality) {
    if (!quality || this.#receiver.status.phase !== "hearing") return;
    say(find("quality-word", HTMLElement), quality.verdict);
    find("quality-delay-line", HTMLElement).hidden = quality.delay_ms === null;
    say(find("quality-delay", HTMLElement), milliseconds(quality.delay_ms));
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
