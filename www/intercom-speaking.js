/**
 * The half of the talk page that speaks.
 *
 * The microphone is open only while the button is held. Between two holds the stream lives on with
 * silence made by the page itself, so that the next hold is heard at once and nobody takes the
 * pause for a loss.
 */

import { find, say } from "./element.js";
import { LevelMeter } from "./level-meter.js";
import { fullness } from "./loudness.js";
import { deviceId } from "./memory.js";
import { Microphone, refusalText } from "./microphone.js";
import { MicrophoneField } from "./microphone-field.js";
import { NameField } from "./name-field.js";
import { PushToTalk, bindButton } from "./push-to-talk.js";
import { ReachView } from "./reach-view.js";
import { openLine } from "./relay-line.js";
import { airText } from "./scene.js";
import { ScreenWakeLock } from "./screen-wake-lock.js";
import { Sender } from "./sender.js";
import { Silence } from "./silence.js";
import { TalkView } from "./talk-view.js";
import { audience, errorText } from "./text.js";
import { TrackLevel } from "./track-level.js";
import { pageTransport } from "./transport-choice.js";
import { showTrouble } from "./trouble.js";

/** @import { RelayError, StreamDetails } from "./protocol.js" */

const NAME_ERRORS = new Set(["name_taken", "bad_name"]);

export class IntercomSpeaking {
  // Another device than the send page beside it: neither takes the other's stream for its own.
  #sender = new Sender(openLine(), {
    deviceId: `${deviceId()}-talk`,
    transport: pageTransport(),
  });
  #microphone = new Microphone(navigator.mediaDevices);
  #talk = new PushToTalk();
  #view = new TalkView({
    headline: "Ready",
    subline: (name) => (name ? `You speak as “${name}”.` : ""),
    label: "Hold to talk",
    title: "Talk",
  });
  #name = new NameField(() => this.#renamed());
  #devices = new MicrophoneField(this.#microphone, () => {});
  #meter = find("meter", LevelMeter);
  /** @type {Silence | null} */
  #silence = null;
  /** @type {TrackLevel | null} */
  #level = null;
  #screen = new ScreenWakeLock();
  #audience = find("audience", HTMLElement);
  #reach = new ReachView(find("reach", HTMLElement));
  #opening = false;
  #talkingChanged;
  /** @type {RelayError | null} */
  #error = null;

  /** @param {(talking: boolean) => void} talkingChanged */
  constructor(talkingChanged) {
    this.#talkingChanged = talkingChanged;
    bindButton(this.#talk, this.#view.button);
    this.#talk.on("state", () => this.#talkChanged());
    this.#sender.on("status", () => this.#senderChanged());
    this.#microphone.on("vanished", () => {
      this.#talk.reset();
      showTrouble(
        "The microphone was disconnected. Connect it again, or choose another one; then hold the button again.",
      );
    });
    find("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => this.#sender.retry());
    this.#render();
  }

  /**
   * Whether a stream is the one that this page sends.
   *
   * @param {StreamDetails} stream
   */
  isOwn = (stream) =>
    stream.stream_id === this.#sender.status.stream?.stream_id ||
    (stream.slug !== null && stream.slug === this.#sender.status.slug);

  #talkChanged() {
    const { state, talking } = this.#talk;
    if (state === "held") void this.#speak();
    if (!talking) this.#fallSilent();
    if (state === "latched" && !this.#opening && !this.#microphone.track) void this.#speak();
    this.#talkingChanged(talking);
    this.#screen.want(talking);
    this.#render();
  }

  async #speak() {
    if (!this.#name.accept()) return this.#talk.reset();
    showTrouble(null);
    // Made and woken inside the gesture; outside of one it would stay asleep.
    this.#silence ??= new Silence();
    this.#silence.resume();
    const track = await this.#openMicrophone();
    if (!track) return;
    this.#showLevelOf(track);
    if (this.#sender.status.phase === "idle") {
      this.#sender.start({ name: this.#name.value, muted: false, track });
    } else {
      await this.#sender.replaceTrack(track);
      this.#sender.setMuted(!this.#talk.talking);
    }
  }

  async #openMicrophone() {
    this.#opening = true;
    this.#render();
    try {
      return await this.#microphone.open({ deviceId: this.#devices.value, profile: "voice" });
    } catch (error) {
      showTrouble(refusalText(error));
      this.#talk.reset();
      return null;
    } finally {
      this.#opening = false;
      this.#render();
    }
  }

  #fallSilent() {
    this.#microphone.close();
    this.#level?.follow(null);
    if (this.#silence) void this.#sender.replaceTrack(this.#silence.track);
    this.#sender.setMuted(true);
  }

  #renamed() {
    this.#sender.stop(); // the next hold begins a stream under the new name
    this.#render();
  }

  #senderChanged() {
    const { phase, error } = this.#sender.status;
    if (phase === "refused" && error) {
      this.#talk.reset();
      this.#sender.stop();
      if (NAME_ERRORS.has(error.code)) this.#name.complain(errorText(error));
      else showTrouble(errorText(error));
    } else if (error !== this.#error && this.#talk.talking) {
      showTrouble(error && errorText(error));
    }
    this.#error = error;
    this.#render();
  }

  /** @param {MediaStreamTrack} track */
  #showLevelOf(track) {
    this.#level ??= new TrackLevel((level_dbfs) => {
      this.#meter.show(level_dbfs);
      this.#view.pulse(fullness(level_dbfs));
    });
    this.#level.follow(track);
  }

  #render() {
    const { state, talking } = this.#talk;
    const { phase, stream } = this.#sender.status;
    const name = this.#name.value;
    const air = airText({
      phase: talking ? phase : "idle",
      talk: state,
      opening: talking && this.#opening,
      vanished: false,
      stalled: stream?.state === "stalled",
      mutedByHouse: stream?.muted_by_house ?? false,
      name,
    });
    this.#view.show(air, state, name);
    const heard = talking && phase === "live" ? stream : null;
    this.#audience.hidden = !heard;
    if (heard) say(this.#audience, audience(heard));
    this.#reach.show(heard?.hearing ?? null);
  }
}
