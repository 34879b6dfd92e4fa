/** The page that hears one stream, stays with it, and says so when it is lost. */

import { AlertBanner, bindAlertChoices } from "./alert-banner.js";
import { AlertFeed } from "./alert-feed.js";
import { find, say } from "./element.js";
import { LevelMeter } from "./level-meter.js";
import { addressOf } from "./live-streams.js";
import { LookBack } from "./look-back.js";
import { LostAlarm } from "./lost-alarm.js";
import { inWords } from "./loudness.js";
import { offerMediaControls, showInMediaControls } from "./media-controls.js";
import { recall, remember } from "./memory.js";
import { Notifications } from "./notifications.js";
import { Player } from "./player.js";
import { QualityView } from "./quality-view.js";
import { Receiver } from "./receiver.js";
import { RecordingField } from "./recording-field.js";
import { openLine, showLine } from "./relay-line.js";
import { setScene } from "./scene.js";
import { ScreenWakeLock } from "./screen-wake-lock.js";
import { Siren } from "./siren.js";
import { SoundView } from "./sound-view.js";
import { SpectrumView } from "./spectrum-view.js";
import { StreamPicker } from "./stream-picker.js";
import { clockText, durationText, hearingText } from "./text.js";
import { pageTransport } from "./transport-choice.js";
import { showTrouble } from "./trouble.js";
import { bindVolume } from "./volume-field.js";

const PROOF_MS = 1000;
const SILENT_DBFS = -90; // no room is, but a closed gate

/** The mark before the page's title, for the tab that is not looked at. */
const MARKS = { idle: "❚❚", live: "▶", muted: "○", waiting: "…", lost: "▲" };

class ListenPage {
  #relay = openLine();
  #receiver = new Receiver(this.#relay, { transport: pageTransport() });
  #player = new Player(find("audio", HTMLAudioElement));
  /** What is live goes on meanwhile, unheard, so that it is there at once. */
  #lookBack = new LookBack((past) => this.#heardOf(past));
  #recording = new RecordingField({ mayStart: true });
  #siren = new Siren();
  #alarm = new LostAlarm(this.#siren);
  #screen = new ScreenWakeLock();
  #picker = new StreamPicker({
    choices: find("choices", HTMLElement),
    note: find("no-choices", HTMLElement),
    picked: (address) => this.#pick(address),
  });
  #sound = new SoundView({
    relay: this.#relay,
    receiver: this.#receiver,
    spectrum: find("spectrum", SpectrumView),
    meter: find("meter", LevelMeter),
  });
  /** @type {string | null} */
  #address = new URLSearchParams(location.search).get("stream") ?? recall("stream");
  /** @type {Date | null} */
  #lostAt = null;
  #heardSince = 0;

  constructor() {
    showLine(this.#relay);
    new QualityView(this.#receiver, this.#relay);
    bindVolume({
      setVolume: (volume) => this.#player.setVolume(volume) && this.#lookBack.setVolume(volume),
    });
    this.#receiver.on("media", (media) => this.#player.load(media));
    this.#receiver.on("status", () => this.#changed());
    this.#relay.on("streams", () => this.#showPicker());
    this.#relay.on("state", () => this.#showLineTrouble());
    this.#player.on("refused", () => this.#changed());
    this.#player.on("playing", () => this.#changed());
    find("play", HTMLButtonElement).addEventListener("click", () => this.#toggle());
    find("tap", HTMLButtonElement).addEventListener("click", () => this.#listen());
    this.#bindAlarm();
    const notifications = new Notifications();
    new AlertBanner(new AlertFeed(this.#relay), this.#siren, notifications);
    bindAlertChoices(this.#siren, notifications);
    this.#bindScreen();
    offerMediaControls({
      play: () => this.#listen(),
      pause: () => this.#pause(),
      next: () => this.#step(1),
      previous: () => this.#step(-1),
    });
    const retry = () => {
      this.#receiver.retry();
      if (this.#player.refused) void this.#player.play(); // the call that paused it is over
    };
    addEventListener("online", retry);
    document.addEventListener("visibilitychange", retry);
    setInterval(() => this.#showProof(), PROOF_MS);
    this.#receiver.follow(this.#address);
    this.#changed();
  }

  // --- what the person does -------------------------------------------------------------

  /** @param {string} address */
  #pick(address) {
    this.#address = address;
    remember("stream", address);
    const here = new URL(location.href);
    here.searchParams.set("stream", address);
    history.replaceState(null, "", here);
    this.#listen(true);
  }

  /** @param {boolean} [anew] whether another stream was chosen */
  #listen(anew = false) {
    if (anew || this.#receiver.status.phase === "idle") this.#receiver.follow(this.#address);
    void this.#player.play();
    this.#changed();
  }

  #pause() {
    this.#lookBack.stop();
    this.#player.pause();
    this.#receiver.stop();
    this.#changed();
  }

  #toggle() {
    if (this.#receiver.status.phase === "idle") this.#listen();
    else this.#pause();
  }

  /** @param {number} by */
  #step(by) {
    const addresses = this.#relay.streams.map(addressOf);
    if (addresses.length === 0) return;
    const place = addresses.indexOf(this.#followed ?? "");
    this.#pick(addresses[(place + by + addresses.length) % addresses.length]);
  }

  /** @param {boolean} past whether what is heard now was a while ago */
  #heardOf(past) {
    this.#player.setMuted(past);
    this.#changed();
  }

  // --- the alarm ------------------------------------------------------------------------

  #bindAlarm() {
    const wanted = find("alarm-wanted", HTMLInputElement);
    wanted.checked = recall("alarm") === "on";
    const arm = () => {
      this.#alarm.arm(wanted.checked);
      this.#showAlarmNote();
    };
    const unlock = () => {
      if (wanted.checked) void this.#siren.unlock().then(() => this.#showAlarmNote());
    };
    wanted.addEventListener("change", () => {
      remember("alarm", wanted.checked ? "on" : "off");
      arm();
      unlock();
    });
    // Any gesture will do to let the browser sound an alarm later.
    addEventListener("pointerup", unlock);
    addEventListener("keyup", unlock);
    find("alarm-test", HTMLButtonElement).addEventListener("click", () => void this.#siren.sound());
    find("acknowledge", HTMLButtonElement).addEventListener("click", () =>
      this.#alarm.acknowledge(),
    );
    this.#alarm.on("sounding", () => this.#showAlarm());
    arm();
  }

  #bindScreen() {
    const wanted = find("screen-wanted", HTMLInputElement);
    wanted.checked = recall("screen") === "on";
    find("screen-field", HTMLElement).hidden = !this.#screen.possible;
    wanted.addEventListener("change", () => {
      remember("screen", wanted.checked ? "on" : "off");
      this.#keepScreen();
    });
  }

  #keepScreen() {
    const { checked } = find("screen-wanted", HTMLInputElement);
    this.#screen.want(checked && this.#receiver.status.phase !== "idle");
  }

  #showAlarmNote() {
    const needsTap = find("alarm-wanted", HTMLInputElement).checked && !this.#siren.ready;
    say(
      find("alarm-note", HTMLElement),
      needsTap
        ? "Tap anywhere on this page once: before that the browser lets no page sound."
        : "It sounds on this device until you silence it.",
    );
  }

  #showAlarm() {
    const { sounding } = this.#alarm;
    find("alarm", HTMLElement).hidden = !sounding;
    if (!sounding) return;
    this.#wordAlarm();
    find("acknowledge", HTMLButtonElement).focus();
  }

  #wordAlarm() {
    const since = this.#lostAt ? clockText(this.#lostAt) : "";
    const back = this.#receiver.status.phase === "hearing";
    say(find("alarm-title", HTMLElement), back ? "The sound was lost" : "The sound is lost");
    say(
      find("alarm-text", HTMLElement),
      back ? `Lost at ${since}; it is back now.` : `Lost at ${since}.`,
    );
  }

  /** Whether the sender's noise gate keeps back what is too quiet right now. */
  get #held() {
    return this.#receiver.status.stream?.gated === true && this.#sound.level_dbfs < SILENT_DBFS;
  }

  // --- what is shown --------------------------------------------------------------------

  /** The address that is followed: the chosen one, or the one that was taken for want of a choice. */
  get #followed() {
    const { stream } = this.#receiver.status;
    return this.#address ?? (stream && addressOf(stream));
  }

  #changed() {
    const { status } = this.#receiver;
    const text = hearingText(status, this.#address, this.#player.refused);
    const lost = text.state === "lost";
    if (lost) this.#lostAt ??= new Date();
    this.#alarm.setLost(lost);
    if (this.#alarm.sounding) this.#wordAlarm();
    else if (!lost) this.#lostAt = null;
    if (status.phase !== "hearing") this.#heardSince = 0;
    else this.#heardSince ||= performance.now();

    const past = this.#lookBack.active && text.state === "live";
    const chip = find("state", HTMLElement);
    chip.dataset.state = past ? "waiting" : text.state;
    say(chip, past ? "Earlier" : text.chip);
    say(find("headline", HTMLElement), text.headline);
    say(
      find("subline", HTMLElement),
      this.#lookBack.active
        ? "You hear what was a while ago, a quarter faster."
        : text.explanation,
    );
    setScene(lost ? "lost" : "calm", `${MARKS[text.state]} ${text.headline}`);
    this.#keepScreen();
    const { stream } = status;
    const offered = status.phase === "idle" ? null : stream;
    this.#lookBack.offer(offered && addressOf(offered), offered?.lookback_s ?? 0);
    this.#recording.show(status.phase === "hearing" ? stream : null);
    this.#showTransport(status.phase === "idle");
    showInMediaControls(text.headline, text.chip, status.phase !== "idle" && !this.#player.refused);
    this.#showPicker();
    this.#showProof();
  }

  /** @param {boolean} paused */
  #showTransport(paused) {
    const { refused } = this.#player;
    find("tap", HTMLElement).hidden = !refused;
    find("transport", HTMLElement).hidden = refused;
    find("play", HTMLElement).setAttribute("aria-label", paused ? "Listen" : "Pause");
    find("play-icon", HTMLElement).className = `icon icon-${paused ? "play" : "pause"}`;
  }

  #showPicker() {
    this.#picker.show(this.#relay.streams, this.#followed, "Nothing is on the air yet.");
  }

  /** A quiet room is alive: the time goes on, and the level has a word. */
  #showProof() {
    const proof = find("proof", HTMLElement);
    proof.hidden = this.#heardSince === 0;
    if (proof.hidden) return;
    const heard = durationText((performance.now() - this.#heardSince) / 1000);
    const { voice, level_dbfs } = this.#sound;
    const loudness = voice ? "somebody speaks" : this.#held ? "listening" : inWords(level_dbfs);
    say(proof, `Packets arrive · connected ${heard} · ${loudness}`);
  }

  #showLineTrouble() {
    const gone = this.#relay.state === "waiting" && this.#receiver.status.phase === "hearing";
    if (gone)
      showTrouble(
        "The line to Earshot is lost, but the sound goes on. Trying to get the line back.",
      );
    else if (this.#relay.state === "open") showTrouble(null);
  }
}

new ListenPage();
