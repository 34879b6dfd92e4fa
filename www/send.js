/** The page that makes this device's microphone a stream. */

import { AudienceView, listeningText } from "./audience-view.js";
import { CoachView } from "./coach-view.js";
import { find, say } from "./element.js";
import { GateField } from "./gate-field.js";
import { LevelMeter } from "./level-meter.js";
import { fullness } from "./loudness.js";
import { LookbackField } from "./lookback-field.js";
import { deviceId, recall, remember } from "./memory.js";
import { Microphone, refusalText } from "./microphone.js";
import { MicrophoneField } from "./microphone-field.js";
import { NameField } from "./name-field.js";
import { OwnAudience } from "./own-audience.js";
import { PushToTalk, bindButton } from "./push-to-talk.js";
import { ReachView } from "./reach-view.js";
import { openLine, showLine } from "./relay-line.js";
import { airText } from "./scene.js";
import { RecordingField } from "./recording-field.js";
import { ScreenWakeLock } from "./screen-wake-lock.js";
import { Sender } from "./sender.js";
import { TalkView } from "./talk-view.js";
import { audience, errorText } from "./text.js";
import { TrackLevel } from "./track-level.js";
import { pageTransport } from "./transport-choice.js";
import { showPassingTrouble, showTrouble } from "./trouble.js";
import { showWay } from "./way-note.js";
import { showIfWithheld } from "./withheld-notice.js";

/** @import { Profile } from "./microphone.js" */
/** @import { RelayError } from "./protocol.js" */

const LOOK_FOR_MICROPHONE_MS = 3000;
const NAME_ERRORS = new Set(["name_taken", "bad_name"]);

class SendPage {
  #relay = openLine();
  #sender = new Sender(this.#relay, { deviceId: deviceId(), transport: pageTransport() });
  #microphone = new Microphone(navigator.mediaDevices);
  #talk = new PushToTalk();
  #view = new TalkView({
    headline: "Send this microphone",
    subline: (name) => (name ? `The house will find it as “${name}”.` : ""),
    label: "Go on air",
    title: "Send",
  });
  #name = new NameField(() => this.#renamed());
  #devices = new MicrophoneField(this.#microphone, () => void this.#changeMicrophone());
  #meter = find("meter", LevelMeter);
  #coach = new CoachView();
  #gate = new GateField(() => void this.#gateSwitched());
  /** @type {TrackLevel | null} */
  #level = null;
  #screen = new ScreenWakeLock();
  #stop = find("stop", HTMLButtonElement);
  #audience = find("audience", HTMLElement);
  #lookback = new LookbackField(this.#relay);
  #recording = new RecordingField({ mayStart: false });
  #reach = new ReachView(find("reach", HTMLElement));
  #heardBy = new OwnAudience(this.#relay);
  #hearers = new AudienceView(find("hearers", HTMLElement), {
    hush: (who) => this.#heardBy.hush(who),
    letBack: () => this.#heardBy.letBack(),
  });
  #opening = false;
  #vanished = false;
  /** @type {RelayError | null} */
  #error = null;

  constructor() {
    showLine(this.#relay);
    this.#restoreProfile();
    bindButton(this.#talk, this.#view.button);
    this.#talk.on("state", () => this.#talkChanged());
    this.#sender.on("status", () => this.#senderChanged());
    this.#relay.on("state", () => this.#lineChanged());
    this.#heardBy.on("change", () => this.#render());
    this.#microphone.on("vanished", () => this.#setVanished(true));
    this.#microphone.on("replaced", (track) => void this.#microphoneReplaced(track));
    this.#microphone.on("interrupted", (silent) =>
      showTrouble(
        silent ? "The system keeps the microphone silent right now, as during a phone call." : null,
      ),
    );
    this.#stop.addEventListener("click", () => this.#end());
    find("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    addEventListener("beforeunload", (event) => {
      if (this.#sender.status.phase === "live") event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => this.#sender.retry());
    setInterval(() => void this.#microphone.retry(), LOOK_FOR_MICROPHONE_MS);
    this.#render();
  }

  /** @returns {Profile} */
  get #profile() {
    const room = document.querySelector('#profile input[value="room"]');
    return room instanceof HTMLInputElement && room.checked ? "room" : "voice";
  }

  #restoreProfile() {
    const choice = find("profile", HTMLElement);
    for (const input of choice.querySelectorAll("input")) {
      input.checked = input.value === (recall("profile") ?? "voice");
    }
    choice.addEventListener("change", () => {
      remember("profile", this.#profile);
      void this.#changeMicrophone();
    });
  }

  #talkChanged() {
    if (this.#talk.talking && this.#sender.status.phase !== "idle" && this.#microphone.track) {
      this.#setMuted(false);
    } else if (this.#talk.talking && !this.#opening) {
      void this.#begin();
    } else if (!this.#talk.talking) {
      this.#setMuted(true);
    }
    this.#render();
  }

  /** @param {boolean} muted */
  #setMuted(muted) {
    const { track } = this.#microphone;
    if (track) track.enabled = !muted;
    this.#sender.setMuted(muted);
  }

  async #begin() {
    if (!this.#name.accept()) return this.#talk.reset();
    showTrouble(null);
    const track = await this.#openMicrophone();
    if (!track) return;
    await this.#start(track);
    this.#screen.want(true);
  }

  /** @param {MediaStreamTrack} microphone */
  async #start(microphone) {
    microphone.enabled = this.#talk.talking;
    const track = await this.#gate.through(microphone);
    if (microphone !== this.#microphone.track) return; // ended or changed meanwhile
    const { wanted: gated } = this.#gate;
    this.#sender.start({ name: this.#name.value, muted: !this.#talk.talking, gated, track });
  }

  /** @param {MediaStreamTrack} microphone */
  async #replace(microphone) {
    microphone.enabled = this.#talk.talking;
    const track = await this.#gate.through(microphone);
    if (microphone !== this.#microphone.track) return;
    this.#sender.setMuted(!this.#talk.talking, this.#gate.wanted);
    await this.#sender.replaceTrack(track);
  }

  async #gateSwitched() {
    const { track } = this.#microphone;
    if (track && this.#sender.status.phase !== "idle") await this.#replace(track);
    this.#render();
  }

  /** Open the chosen microphone; say so if that fails. */
  async #openMicrophone() {
    this.#setOpening(true);
    try {
      const track = await this.#microphone.open({
        deviceId: this.#devices.value,
        profile: this.#profile,
      });
      if (track) this.#showLevelOf(track);
      return track;
    } catch (error) {
      showTrouble(refusalText(error));
      if (this.#sender.status.phase === "idle") this.#talk.reset();
      return null;
    } finally {
      this.#setOpening(false);
    }
  }

  async #changeMicrophone() {
    if (this.#sender.status.phase === "idle" || !this.#microphone.track) return;
    const track = await this.#openMicrophone();
    if (track) await this.#replace(track);
  }

  #renamed() {
    const { track } = this.#microphone;
    if (track && this.#sender.status.phase !== "idle" && this.#name.accept()) {
      void this.#start(track);
    }
    this.#render();
  }

  /** @param {MediaStreamTrack} track */
  async #microphoneReplaced(track) {
    this.#setVanished(false);
    this.#showLevelOf(track);
    await this.#replace(track);
    showPassingTrouble(
      `The microphone had gone. Now in use: ${track.label || "another microphone"}.`,
    );
  }

  /** @param {boolean} vanished */
  #setVanished(vanished) {
    this.#vanished = vanished;
    if (vanished) showTrouble(null);
    this.#render();
  }

  /** @param {boolean} opening */
  #setOpening(opening) {
    this.#opening = opening;
    this.#render();
  }

  #senderChanged() {
    const { phase, error } = this.#sender.status;
    if (phase === "refused" && error) {
      this.#end();
      if (NAME_ERRORS.has(error.code)) this.#name.complain(errorText(error));
      else showTrouble(errorText(error));
    } else if (error !== this.#error) {
      showTrouble(error && errorText(error));
    }
    this.#error = error;
    this.#render();
  }

  #lineChanged() {
    if (this.#sender.status.phase !== "live") return;
    if (this.#relay.state === "waiting") {
      showTrouble(
        "The line to Earshot is lost. The sound may still arrive; the line is being repaired.",
      );
    } else if (this.#relay.state === "open") {
      showTrouble(null);
    }
  }

  #end() {
    this.#talk.reset();
    this.#sender.stop();
    this.#microphone.close();
    this.#gate.close();
    this.#level?.follow(null);
    this.#screen.want(false);
    this.#vanished = false;
    showTrouble(null);
    this.#render();
  }

  /** @param {MediaStreamTrack} track */
  #showLevelOf(track) {
    this.#level ??= new TrackLevel((level_dbfs, peak_dbfs) => {
      this.#meter.show(level_dbfs, peak_dbfs);
      this.#view.pulse(fullness(level_dbfs));
      if (this.#onAir) this.#coach.hear(level_dbfs, peak_dbfs);
    });
    this.#level.follow(track);
  }

  get #onAir() {
    return this.#talk.talking && this.#sender.status.phase === "live";
  }

  #render() {
    showWay(this.#sender.overSocket);
    this.#gate.show(this.#onAir);
    if (!this.#onAir) this.#coach.rest();
    const { phase, stream } = this.#sender.status;
    const name = this.#name.value;
    const air = airText({
      phase,
      talk: this.#talk.state,
      opening: this.#opening,
      vanished: this.#vanished,
      stalled: stream?.state === "stalled",
      mutedByHouse: stream?.muted_by_house ?? false,
      name,
    });
    this.#view.show(air, this.#talk.state, name);
    this.#stop.hidden = phase === "idle" || phase === "refused";
    this.#audience.hidden = phase !== "live" || !stream;
    const heardBy = phase === "live" ? this.#heardBy.of(stream?.stream_id) : null;
    if (stream) say(this.#audience, heardBy ? listeningText(heardBy) : audience(stream));
    this.#hearers.show(heardBy);
    this.#lookback.show(phase === "live" ? stream : null);
    this.#recording.show(phase === "live" ? stream : null);
    this.#reach.show(phase === "live" ? (stream?.hearing ?? null) : null);
  }
}

if (showIfWithheld()) {
  find("stage", HTMLElement).hidden = true;
  find("settings", HTMLElement).hidden = true;
  showLine(openLine());
} else {
  new SendPage();
}
