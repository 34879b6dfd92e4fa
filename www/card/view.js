/** The face of a card: elements made once, and what they show. */

import { ChoiceList } from "../choice-list.js";
import { element, icon, say } from "../element.js";
import { LevelMeter } from "../level-meter.js";

/** @import { Choice } from "../choice-list.js" */
/** @import { CardConfig } from "./config.js" */
/** @import { CardStatus } from "./status.js" */
/** @import { Speak } from "./words.js" */

/**
 * A link to where a person can do something about it.
 *
 * @typedef {{address: string, text: string}} Way
 */

/**
 * What a card shows.
 *
 * @typedef {Object} Face
 * @property {CardStatus} status
 * @property {string} note what went wrong, empty for nothing
 * @property {Way | null} way
 * @property {string} hearers who listens, empty for nothing to say
 * @property {Choice[]} choices
 * @property {string} chosen
 * @property {boolean} able whether there is a way to Earshot
 * @property {"listen" | "stop" | "play"} listen what the button does
 * @property {"off" | "held" | "latched" | "none"} talk none: there is no microphone
 */

export class CardView {
  #config;
  #speak;
  #title = element("h2");
  #chip = element("span", { class: "chip" });
  #headline = element("p", { class: "headline" });
  #explanation = element("p", { class: "explanation" });
  #note = element("p", { class: "note", role: "status" });
  #way = element("a", { class: "way", target: "_blank", rel: "noopener" });
  #hearers = element("p", { class: "hearers" });
  #choices = element("div", { class: "choices", role: "radiogroup" });
  #choiceList;
  #meter = new LevelMeter();
  #listenIcon = icon("ear");
  #listenText = element("span");
  #talkText = element("span");
  listen = element("button", { type: "button", class: "listen" }, this.#listenIcon, this.#listenText);
  talk = element("button", { type: "button", class: "talk" }, icon("mic"), this.#talkText);
  audio = element("audio");

  /**
   * @param {CardConfig} config
   * @param {Speak} speak
   * @param {(address: string) => void} picked called when a person chooses a stream
   */
  constructor(config, speak, picked) {
    this.#config = config;
    this.#speak = speak;
    this.#choiceList = new ChoiceList(this.#choices, picked);
    this.#choices.setAttribute("aria-label", speak("choice"));
    this.#meter.setAttribute("aria-label", speak("level"));
    this.#meter.words = (level_dbfs) => levelWord(level_dbfs, speak);
    this.element = element(
      /** @type {any} */ ("ha-card"),
      {},
      element("header", {}, this.#title, this.#chip),
      element("div", { class: "what", role: "status" }, this.#headline, this.#explanation),
      this.#meter,
      this.#choices,
      element("div", { class: "actions" }, this.talk, this.listen),
      this.#note,
      this.#way,
      this.#hearers,
      this.audio,
    );
    say(this.#title, config.title ?? "");
    this.#title.hidden = config.title === null;
    this.#meter.hidden = !config.show.has("level");
    this.listen.hidden = !config.listen;
    this.talk.hidden = config.talk === null;
  }

  /** @param {number} level_dbfs */
  showLevel(level_dbfs) {
    this.#meter.show(level_dbfs);
    this.talk.style.setProperty("--level", this.#meter.style.getPropertyValue("--level"));
  }

  /** @param {Face} face */
  show({ status, note, way, hearers, choices, chosen, able, listen, talk }) {
    this.element.dataset.mood = status.mood;
    say(this.#chip, status.chip);
    this.#tell(this.#headline, status.headline);
    say(this.#explanation, status.explanation);
    this.#tell(this.#note, note);
    this.#tell(this.#hearers, hearers);
    this.#choices.hidden = choices.length === 0;
    this.#choiceList.show(choices, chosen);
    this.#way.hidden = way === null;
    if (way) {
      say(this.#way, way.text);
      this.#way.href = way.address;
    }
    this.#showListen(listen, able);
    this.#showTalk(talk, able);
  }

  /**
   * Say something, or leave no gap where nothing is to be said.
   *
   * @param {HTMLElement} place
   * @param {string} text
   */
  #tell(place, text) {
    say(place, text);
    place.hidden = text === "";
  }

  /**
   * @param {Face["listen"]} does
   * @param {boolean} able
   */
  #showListen(does, able) {
    const words = /** @type {const} */ ({ listen: "listen", stop: "stop_listening", play: "play" });
    this.listen.dataset.does = does;
    this.listen.disabled = !able;
    say(this.#listenText, this.#speak(words[does]));
    this.#listenIcon.className = `icon icon-${does === "stop" ? "stop" : "ear"}`;
  }

  /**
   * @param {Face["talk"]} state
   * @param {boolean} able
   */
  #showTalk(state, able) {
    this.talk.dataset.talk = state;
    this.talk.disabled = !able || state === "none";
    this.talk.setAttribute("aria-pressed", String(state === "held" || state === "latched"));
    const rest = `talk_${this.#config.talk ?? "hold"}`;
    const key = state === "held" || state === "latched" ? `talk_${state}` : rest;
    say(this.#talkText, this.#speak(/** @type {any} */ (key)));
  }
}

/**
 * @param {number} level_dbfs
 * @param {Speak} speak
 */
function levelWord(level_dbfs, speak) {
  if (level_dbfs < -55) return speak("level_silent");
  if (level_dbfs < -40) return speak("level_quiet");
  return speak(level_dbfs < -18 ? "level_clear" : "level_loud");
}
