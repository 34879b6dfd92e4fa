/** The connection's quality: bars, two words, and the figures behind them. */

import { ConnectionQuality } from "./connection-quality.js";
import { find, say } from "./element.js";
import { SignalBars } from "./signal-bars.js";
import { LINE_WORDS } from "./text.js";
import { showWay } from "./way-note.js";

/** @import { Quality } from "./connection-quality.js" */
/** @import { Receiver } from "./receiver.js" */
/** @import { RelayClient } from "./relay-client.js" */

const COMPARE_CLOCKS_EVERY = 5; // reports, one a second

export class QualityView {
  #quality = new ConnectionQuality();
  #relay;
  #receiver;
  #reports = 0;
  #bars = find("line-bars", SignalBars);
  /** @type {string | undefined} */
  #streamId;

  /**
   * @param {Receiver} receiver
   * @param {RelayClient} relay
   */
  constructor(receiver, relay) {
    this.#receiver = receiver;
    this.#relay = relay;
    receiver.on("media", () => this.#quality.reset());
    receiver.on("media", () => showWay(receiver.overSocket));
    receiver.on("report", (report) => this.#reported(report));
    receiver.on("status", ({ phase, stream }) => {
      if (stream?.stream_id !== this.#streamId) this.#quality.restartDelay();
      this.#streamId = stream?.stream_id;
      if (phase === "hearing") return;
      this.#bars.show(null, "");
      say(find("quality-word", HTMLElement), phase === "lost" ? "Lost" : "–");
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
    const words = LINE_WORDS[quality.line];
    this.#bars.show(quality.line, words);
    say(find("quality-word", HTMLElement), words);
    this.#showDelay(quality);
    showWay(this.#receiver.overSocket, quality.delay_ms);
    say(find("quality-loss", HTMLElement), `${(quality.loss * 100).toFixed(1)} %`);
    say(find("quality-made-up", HTMLElement), `${(quality.madeUp * 100).toFixed(1)} %`);
    say(find("quality-jitter", HTMLElement), milliseconds(quality.jitter_ms));
    say(find("quality-rtt", HTMLElement), milliseconds(quality.roundTrip_ms));
    say(find("quality-buffer", HTMLElement), milliseconds(quality.buffer_ms));
    say(find("quality-rate", HTMLElement), `${Math.round(quality.rate_kbps)} kbit/s`);
  }

  /**
   * From the microphone on, where the browser tells enough; or else the part that it tells.
   *
   * @param {Quality} quality
   */
  #showDelay({ delay_ms, buffer_ms, roundTrip_ms }) {
    const part_ms = buffer_ms === null ? null : buffer_ms + (roundTrip_ms ?? 0) / 2;
    const from = delay_ms === null ? "Delay from Earshot" : "Delay from the microphone";
    say(find("quality-delay-from", HTMLElement), from);
    say(find("quality-delay", HTMLElement), milliseconds(delay_ms ?? part_ms));
  }
}

/** @param {number | null} value */
function milliseconds(value) {
  if (value === null) return "not told";
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
