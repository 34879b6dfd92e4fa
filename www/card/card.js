/** A card of a dashboard: its life there, as Home Assistant's frontend orders it. */

import { LATEST, addressOf } from "../live-streams.js";
import { withheld } from "../microphone.js";
import { bindButton } from "../push-to-talk.js";
import { CARDS, readConfig } from "./config.js";
import { configForm } from "./form.js";
import { heardByText, listenersText, troubleText } from "./phrases.js";
import { PlaceError, findPlace } from "./place.js";
import { CardSession } from "./session.js";
import { cardStatus, titleOf } from "./status.js";
import { CardView } from "./view.js";
import { knownLanguage, speak } from "./words.js";

/** @import { Choice } from "../choice-list.js" */
/** @import { CardConfig } from "./config.js" */
/** @import { Hass } from "./ingress.js" */
/** @import { Obstacle, Place } from "./place.js" */
/** @import { Way } from "./view.js" */

const LOOK_AGAIN_MS = 10_000;
const MOVED_MS = 500; // dashboards take cards off and put them on again when their columns change
const LOST_MS = 1000; // the app starts anew, or the way there is closed: it shows within moments

/** Where this file's own Earshot is, if it came from one. */
const ORIGIN = new URL("../", import.meta.url).href;

const IDLE = /** @type {const} */ ({
  phase: "idle",
  reason: null,
  stream: null,
  error: null,
  endReason: null,
});

export class EarshotCard extends HTMLElement {
  /** @type {keyof typeof CARDS} */
  static card = "earshot-card";
  /** @type {CSSStyleSheet[]} */
  static sheets = [];

  /** @type {CardConfig | null} */
  #config = null;
  /** @type {Hass | null} */
  #hass = null;
  #language = "";
  #speak = speak("en");
  /** @type {CardView | null} */
  #view = null;
  /** @type {CardSession | null} */
  #session = null;
  /** @type {{obstacle: Obstacle, detail: string} | null} */
  #obstacle = null;
  /** Counts the lives on a dashboard, so that a late answer notices that it is not wanted any more. */
  #life = 0;
  #living = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} off the page, maybe for good */
  #leaving;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = EarshotCard.sheets;
  }

  static getStubConfig() {
    return {};
  }

  static getConfigForm() {
    return configForm(this.card);
  }

  /**
   * @param {unknown} written
   * @throws {Error} that the dashboard shows in place of the card
   */
  setConfig(written) {
    const { card } = /** @type {typeof EarshotCard} */ (this.constructor);
    this.#config = readConfig(written, CARDS[card]);
    this.#begin();
  }

  /** @param {Hass} hass comes again with every change of anything in the house */
  set hass(hass) {
    const first = this.#hass === null;
    this.#hass = hass;
    if (first || this.#language !== this.#wantedLanguage) this.#begin();
  }

  connectedCallback() {
    if (this.#leaving === undefined) return this.#begin();
    clearTimeout(this.#leaving);
    this.#leaving = undefined;
    // Browsers pause what is taken off a page.
    if (this.#session && this.#session.hearing.phase !== "idle") this.#session.listen();
  }

  disconnectedCallback() {
    // A button that is off the page cannot be let go of: the microphone does not wait.
    if (this.#session?.talking) return this.#end();
    this.#leaving = setTimeout(() => this.#end(), MOVED_MS);
  }

  getCardSize() {
    return this.#config?.talk ? 5 : 4;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6, rows: "auto" };
  }

  get #wantedLanguage() {
    return knownLanguage(this.#config?.language ?? this.#hass?.locale?.language);
  }

  /** Begin anew with what is known now; does nothing before all of it is there. */
  #begin() {
    this.#end();
    if (!this.#config || !this.#hass || !this.isConnected) return;
    this.#living = new AbortController();
    this.#language = this.#wantedLanguage;
    this.#speak = speak(this.#language);
    const view = new CardView(this.#config, this.#speak, (address) => this.#session?.choose(address));
    view.element.lang = this.#language;
    view.listen.addEventListener("click", () => this.#pressListen());
    this.shadowRoot?.replaceChildren(view.element);
    this.#view = view;
    this.#render();
    void this.#look();
  }

  #end() {
    this.#life += 1;
    this.#living.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#leaving);
    this.#leaving = undefined;
    this.#session?.close();
    this.#session = this.#obstacle = null;
  }

  /** Find Earshot; and again now and then, as long as there is something in the way. */
  async #look() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const life = this.#life;
    const found = await this.#findPlace();
    if (life !== this.#life) return;
    this.#obstacle = found instanceof PlaceError ? found : null;
    if (!(found instanceof PlaceError) && found.address !== this.#session?.place.address) {
      this.#settle(found);
    }
    if (this.#obstacle) this.#lookLater(LOOK_AGAIN_MS);
    this.#render();
  }

  /** @param {number} delay_ms */
  #lookLater(delay_ms) {
    this.#timer ??= setTimeout(() => void this.#look(), delay_ms);
  }

  /** @returns {Promise<Place | PlaceError>} */
  async #findPlace() {
    const [config, hass] = [this.#config, this.#hass];
    if (!config || !hass) return new PlaceError("nowhere");
    try {
      return await findPlace({ config, hass, origin: ORIGIN, pageAddress: location.href });
    } catch (error) {
      if (error instanceof PlaceError) return error;
      throw error;
    }
  }

  /** @param {Place} place */
  #settle(place) {
    const [config, view] = [this.#config, this.#view];
    if (!config || !view) return;
    this.#session?.close();
    const user = this.#hass?.user?.name ?? "";
    const session = new CardSession({ place, config, user, audio: view.audio });
    this.#session = session;
    session.on("change", () => this.#render());
    session.on("level", (level_dbfs) => view.showLevel(level_dbfs));
    session.on("lost", () => this.#lookLater(LOST_MS));
    this.#bindTalk(session, view);
    session.begin();
  }

  /**
   * @param {CardSession} session
   * @param {CardView} view
   */
  #bindTalk({ speaking }, view) {
    if (!speaking) return;
    const { signal } = this.#living;
    if (this.#config?.talk !== "toggle") return bindButton(speaking.talk, view.talk, signal);
    view.talk.addEventListener("click", () => speaking.talk.toggle(), { signal });
  }

  #pressListen() {
    const session = this.#session;
    if (!session) return;
    if (session.hearing.phase === "idle" || session.refused) session.listen();
    else session.stopListening();
  }

  // --- what is shown --------------------------------------------------------------------

  #render() {
    const [config, session] = [this.#config, this.#session];
    if (!config || !this.#view) return;
    const speaking = session?.speaking ?? null;
    const talk = speaking?.status ?? null;
    const hearing = session?.hearing ?? IDLE;
    this.#view.show({
      status: cardStatus(
        {
          obstacle: this.#obstacle,
          line: session?.relay.state ?? "closed",
          address: session?.place.by === "direct" ? session.place.address : null,
          asked: config.stream,
          stream: session?.stream ?? null,
          listens: config.listen,
          hearing,
          refused: session?.refused === true,
          talk,
        },
        this.#speak,
      ),
      note: this.#note,
      way: this.#way,
      hearers: this.#hearers,
      choices: this.#choices,
      chosen: session?.address ?? LATEST,
      able: session !== null && !this.#obstacle,
      listen: hearing.phase === "idle" ? "listen" : session?.refused ? "play" : "stop",
      talk: this.#talkState,
    });
  }

  get #talkState() {
    if (withheld(globalThis) !== null) return "none";
    const state = this.#session?.speaking?.talk.state;
    return state === "held" || state === "latched" ? state : "off";
  }

  get #note() {
    const [config, session] = [this.#config, this.#session];
    const kept = config?.talk ? withheld(globalThis) : null;
    if (kept) return this.#speak(kept);
    const trouble = session?.speaking?.trouble;
    if (trouble) return troubleText(trouble, session?.speaking?.spokenName ?? "", this.#speak);
    const refusal = session?.hearing.reason === "failed" ? session.hearing.error : null;
    return refusal ? troubleText(refusal, "", this.#speak) : "";
  }

  /** @returns {Way | null} */
  get #way() {
    const { place, relay } = this.#session ?? {};
    if (this.#obstacle?.obstacle === "mixed") {
      return { address: this.#obstacle.detail, text: this.#speak("open") };
    }
    if (!place || this.#obstacle) return null;
    // Who was not let in yet is, once it has opened the pages.
    if (relay?.state === "waiting" && place.by === "direct") {
      return { address: place.address, text: this.#speak("open") };
    }
    if (!this.#config?.talk || place.by === "integration" || withheld(globalThis) !== "insecure") return null;
    return { address: new URL("trust.html", place.address).href, text: this.#speak("how_to_https") };
  }

  get #hearers() {
    const session = this.#session;
    if (!this.#config?.show.has("hearers") || !session || session.relay.state !== "open") return "";
    if (session.talking) return heardByText(session.speaking?.audience ?? null, this.#speak);
    return session.stream ? listenersText(session.stream, this.#speak) : "";
  }

  /** @returns {Choice[]} none where there is nothing to choose */
  get #choices() {
    const session = this.#session;
    if (!session || !this.#config?.listen || this.#config.stream) return [];
    const rows = session.others.map((stream) => ({
      address: addressOf(stream),
      title: titleOf(stream, this.#speak),
      state: stream.state === "live" && !stream.muted ? "" : this.#speak(stream.muted ? "muted" : "lost"),
    }));
    const fixed = session.address !== LATEST;
    if (fixed && !rows.some(({ address }) => address === session.address)) {
      rows.push({ address: session.address, title: session.address, state: this.#speak("quiet") });
    }
    if (rows.length < 2 && !fixed) return [];
    return [{ address: LATEST, title: this.#speak("whoever"), state: "" }, ...rows.reverse()];
  }
}
