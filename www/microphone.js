/** The microphone of this device: opened, kept, and found again when it vanishes. */

import { Emitter } from "./emitter.js";

/** @typedef {"voice" | "room"} Profile voice: cleaned up for speech; room: everything as it is */
/** @typedef {"insecure" | "unsupported"} Withheld */

/**
 * @typedef {Object} MicrophoneEvents
 * @property {MediaStreamTrack} replaced another microphone took the place of one that vanished
 * @property {null} vanished it is gone and none took its place yet
 * @property {boolean} interrupted whether the system keeps it silent right now, as during a phone call
 * @property {MediaDeviceInfo[]} devices the microphones there are, whenever that changes
 */

/** @extends {Emitter<MicrophoneEvents>} */
export class Microphone extends Emitter {
  #media;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** Counts the openings, so that a late one notices that it is not wanted any more. */
  #opening = 0;
  #deviceId = "";
  /** @type {Profile} */
  #profile = "voice";
  #vanished = false;

  /**
   * @param {MediaDevices} media
   * @param {AbortSignal} [signal] after it no change of devices is looked at
   */
  constructor(media, signal) {
    super();
    this.#media = media;
    media.addEventListener("devicechange", () => void this.#devicesChanged(), { signal });
  }

  /** What is captured now, or null. */
  get track() {
    return this.#track;
  }

  /**
   * Open it, in place of what was open. To be called inside the person's gesture.
   *
   * @param {Object} wish
   * @param {string} wish.deviceId empty for the standard one
   * @param {Profile} wish.profile
   * @returns {Promise<MediaStreamTrack | null>} null if it was closed meanwhile
   * @throws {DOMException} if the person, the system or the browser refuses
   */
  async open({ deviceId, profile }) {
    const opening = ++this.#opening;
    this.#deviceId = deviceId;
    this.#profile = profile;
    const track = await this.#capture();
    if (opening !== this.#opening) {
      track.stop();
      return null;
    }
    this.#take(track);
    void this.#listDevices();
    return track;
  }

  /** Capture nothing any more: the system's sign that the microphone is open goes out. Idempotent. */
  close() {
    this.#opening += 1;
    this.#vanished = false;
    this.#letGo();
  }

  /** Try to find a microphone that vanished. Without effect if none is missed. */
  async retry() {
    if (!this.#vanished) return;
    const opening = this.#opening;
    try {
      const track = await this.#capture();
      if (opening !== this.#opening || !this.#vanished) return track.stop();
      this.#take(track);
      this.emit("replaced", track);
    } catch {
      // Still none; the next change of devices, or the next look, tries again.
    }
  }

  async #capture() {
    const deviceId = this.#deviceId;
    try {
      return await this.#request(deviceId ? { exact: deviceId } : undefined);
    } catch (error) {
      const chosenIsGone = ["OverconstrainedError", "NotFoundError"].includes(nameOf(error));
      if (!deviceId || !chosenIsGone) throw error;
      return await this.#request(undefined);
    }
  }

  /** @param {ConstrainDOMString | undefined} deviceId */
  async #request(deviceId) {
    const clean = this.#profile === "voice";
    const stream = await this.#media.getUserMedia({
      audio: {
        deviceId,
        channelCount: 1,
        echoCancellation: clean,
        noiseSuppression: clean,
        autoGainControl: clean,
      },
    });
    return stream.getAudioTracks()[0];
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    this.#letGo();
    this.#vanished = false;
    this.#track = track;
    track.contentHint = this.#profile === "voice" ? "speech" : "music";
    track.onended = () => this.#lost();
    track.onmute = () => this.emit("interrupted", true);
    track.onunmute = () => this.emit("interrupted", false);
  }

  #letGo() {
    const track = this.#track;
    if (!track) return;
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
    this.#track = null;
  }

  #lost() {
    this.#letGo();
    this.#vanished = true;
    this.emit("vanished", null);
    void this.retry();
  }

  async #devicesChanged() {
    await this.#listDevices();
    await this.retry();
  }

  async #listDevices() {
    const devices = await this.#media.enumerateDevices();
    this.emit(
      "devices",
      devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId !== ""),
    );
  }
}

/**
 * Why this page gets no microphone at all, or null if it may ask for one.
 *
 * @param {{isSecureContext: boolean, navigator: {mediaDevices?: MediaDevices}}} window
 * @returns {Withheld | null}
 */
export function withheld({ isSecureContext, navigator }) {
  if (typeof navigator.mediaDevices?.getUserMedia === "function") return null;
  return isSecureContext ? "unsupported" : "insecure";
}

/** @type {Record<string, string>} */
const REFUSALS = {
  NotAllowedError:
    "The microphone is not allowed here. Allow it in the browser’s site settings (the sign beside the address), and on a phone also for the browser in the system’s settings; then try again.",
  NotFoundError: "This device has no microphone. Connect one and try again.",
  NotReadableError:
    "The microphone is there but does not answer; another program may hold it. Close that program and try again.",
  SecurityError:
    "This page may not use the microphone: it is shown inside another page that forbids it.",
};

/**
 * Why opening failed, and what to do.
 *
 * @param {unknown} error
 */
export function refusalText(error) {
  return (
    REFUSALS[nameOf(error)] ??
    `The microphone could not be opened (${nameOf(error)}). Unplug it and plug it in again, or choose another one.`
  );
}

/** @param {unknown} error */
function nameOf(error) {
  return error instanceof Error || error instanceof DOMException ? error.name : String(error);
}
