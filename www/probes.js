/** How the facts of a diagnosis are found out; each probe ends by itself. */

import { addressOf } from "./live-streams.js";
import { Receiver } from "./receiver.js";

/** @import { MediaFacts } from "./diagnosis.js" */
/** @import { RelayClient } from "./relay-client.js" */

const LINE_MS = 8000;
const SOUND_MS = 12_000; // longer than Earshot gives ICE and DTLS
const AUTOPLAY_MS = 500;

/** @returns {Promise<"granted" | "denied" | "prompt" | "unknown">} */
export async function permission() {
  try {
    const name = /** @type {PermissionName} */ ("microphone");
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return "unknown";
  }
}

/** @returns {Promise<number | null>} how many microphones there are, as far as pages are told */
export async function microphones() {
  if (!navigator.mediaDevices?.enumerateDevices) return null;
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const real = devices.filter(
      ({ kind, deviceId }) =>
        kind === "audioinput" && deviceId !== "default" && deviceId !== "communications",
    );
    return real.length;
  } catch {
    return null;
  }
}

/**
 * Wait until the line is open and the streams are known.
 *
 * @param {RelayClient} relay
 * @returns {Promise<number | null>} how long that took
 */
export async function line(relay) {
  const before = performance.now();
  const open = await until(LINE_MS, () => relay.knowsStreams);
  return open ? performance.now() - before : null;
}

/**
 * Hear what is on the air for a moment, without playing it. Nothing is published for the test.
 *
 * @param {RelayClient} relay an open line
 * @returns {Promise<"arrives" | "lost" | "nothing">}
 */
export async function sound(relay) {
  const stream = relay.streams.filter(({ state }) => state === "live").at(-1);
  if (!stream) return "nothing";
  const receiver = new Receiver(relay);
  let packets = 0;
  receiver.on("report", (report) => {
    report.forEach((entry) => {
      if (entry.type === "inbound-rtp") packets = entry.packetsReceived ?? 0;
    });
  });
  receiver.follow(addressOf(stream));
  const arrives = await until(SOUND_MS, () => packets > 0);
  receiver.stop();
  const gone = !relay.streams.some(({ stream_id }) => stream_id === stream.stream_id);
  if (!arrives && gone) return "nothing";
  return arrives ? "arrives" : "lost";
}

/**
 * Compare clocks.
 *
 * @param {RelayClient} relay
 * @returns {Promise<number | null>} by how many seconds this device is ahead
 */
export async function clock(relay) {
  await until(LINE_MS, () => relay.time_ms !== null);
  return relay.time_ms === null ? null : (Date.now() - relay.time_ms) / 1000;
}

/** @returns {Promise<"plays" | "waits" | "unknown">} whether sound needs a tap */
export async function autoplay() {
  if (typeof AudioContext !== "function") return "unknown";
  const context = new AudioContext();
  const plays = await until(AUTOPLAY_MS, () => context.state === "running");
  void context.close();
  return plays ? "plays" : "waits";
}

/**
 * Where Earshot sends sound from, and which version it is; strangers are not told.
 *
 * @returns {Promise<{media: MediaFacts | null, version: string}>}
 */
export async function server() {
  try {
    const health = await (await fetch("health", { cache: "no-store" })).json();
    return { media: health.parts?.media ?? null, version: health.version ?? "?" };
  } catch {
    return { media: null, version: "?" };
  }
}

/**
 * @param {number} patience_ms
 * @param {() => boolean} condition
 */
async function until(patience_ms, condition) {
  const end = performance.now() + patience_ms;
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return condition();
}
