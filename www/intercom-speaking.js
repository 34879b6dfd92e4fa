/**
 * The half of the talk page that speaks: the microphone is open only while the button is held.
 */

import { find, say } from "./element.js";
import { LevelMeter } from "./level-meter.js";
import { fullness } from "./loudness.js";
import { deviceId } from "./memory.js";
import { refusalText } from "./microphone.js";
import { MicrophoneField } from "./microphone-field.js";
import { NameField } from "./name-field.js";
import { PushToTalk, bindButton } from "./push-to-talk.js";
import { ReachView } from "./reach-view.js";
import { openLine } from "./relay-line.js";
import { airText } from "./scene.js";
import { ScreenWakeLock } from "./screen-wake-lock.js";
import { Talker } from "./talker.js";
import { TalkView } from "./talk-view.js";
import { audience, errorText } from "./text.js";
import { showTrouble } from "./trouble.js";

/** @import { RelayError, StreamDetails } from "./protocol.js" */

const NAME_ERRORS = new Set(["name_taken", "bad_name"]);

export class IntercomSpeaking {
  // Another device than the send page beside it: neither takes the other's stream for its own.
  #talker = new Talker(openLine(), { deviceId: `${deviceId()}-talk` });
  #talk = new PushToTalk();
  #view = new TalkView({
    headline: "Ready",
    subline: (name) => (name ? `You speak as “${name}”.` : ""),
    label: "Hold to talk",
    title: "Talk",
  });
  #name = new NameField(() => this.#renamed());
  #devices = new MicrophoneField(this.#talker.microphone, () => {});
  #meter = find("meter", LevelMeter);
  #screen = new ScreenWakeLock();
  #audience = find("audience", HTMLElement);
  #reach = new ReachView(find("reach", HTMLElement));
  #talkingChanged;
  /** @type {RelayError | null} */
  #error = null;

  /** @param {(talking: boolean) => void} talkingChanged */
  constructor(talkingChanged) {
    this.#talkingChanged = talkingChanged;
    bindButton(this.#talk, this.#view.button);
    this.#talk.on("state", () => this.#talkChanged());
    this.#talker.on("change", () => this.#talkerChanged());
    this.#talker.on("level", (level_dbfs) => {
      this.#meter.show(level_dbfs);
      this.#view.pulse(fullness(level_dbfs));
    });
    this.#talker.on("vanished", () => {
      this.#talk.reset();
      showTrouble(
        "The microphone was disconnected. Connect it again, or choose another one; then hold the button again.",
      );
    });
    find("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => this.#talker.retry());
    this.#render();
  }

  /**
   * Whether a stream is the one that this page sends.
   *
   * @param {StreamDetails} stream
   */
  isOwn = (stream) => this.#talker.sends(stream);

  #talkChanged() {
    const { state, talking } = this.#talk;
    if (state === "held") void this.#speak();
    if (!talking) this.#talker.fallSilent();
    if (state === "latched" && !this.#talker.opening && !this.#talker.microphone.track) {
      void this.#speak();
    }
    this.#talkingChanged(talking);
    this.#screen.want(talking);
    this.#render();
  }

  async #speak() {
    if (!this.#name.accept()) return this.#talk.reset();
    showTrouble(null);
    try {
      await this.#talker.speak(this.#name.value, this.#devices.value);
    } catch (error) {
      showTrouble(refusalText(error));
      this.#talk.reset();
    }
  }

  #renamed() {
    this.#talker.stop(); // the next hold begins a stream under the new name
    this.#render();
  }

  #talkerChanged() {
    const { phase, error } = this.#talker.status;
    if (phase === "refused" && error) {
      this.#talk.reset();
      this.#talker.stop();
      if (NAME_ERRORS.has(error.code)) this.#name.complain(errorText(error));
      else showTrouble(errorText(error));
    } else if (error !== this.#error && this.#talk.talking) {
      showTrouble(error && errorText(error));
    }
    this.#error = error;
    this.#render();
  }

  #render() {
    const { state, talking } = this.#talk;
    const { phase, stream } = this.#talker.status;
    const name = this.#name.value;
    const air = airText({
      phase: talking ? phase : "idle",
      talk: state,
      opening: talking && this.#talker.opening,
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
