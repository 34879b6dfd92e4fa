/** The page that shows how a room sounded: over time, hour by hour, and right now. */

import { AnalysisSwitch } from "./analysis-switch.js";
import { ApiError } from "./api.js";
import { element, find, say } from "./element.js";
import { EventList } from "./event-list.js";
import { ForgetDialog } from "./forget-dialog.js";
import { DAYS, HeatPanel } from "./heat-panel.js";
import { askHistory, askKnownStreams, exportAddress } from "./history-api.js";
import { FEATURES, HistoryPlots } from "./history-plots.js";
import { HistoryRange, UNITS_S } from "./history-range.js";
import { momentAt, summaryOf } from "./history-series.js";
import {
  NOTHING_THEN,
  NOTHING_YET,
  failureNotice,
  readoutText,
  spanText,
  summaryText,
} from "./history-text.js";
import { LivePanel } from "./live-panel.js";
import { addressOf } from "./live-streams.js";
import { recall } from "./memory.js";
import { openLine, showLine } from "./relay-line.js";
import { titleOf, titleOfAddress } from "./text.js";
import { askWhoIAm, isAdmin } from "./who-am-i.js";

/** @import { HistoryAnswer, KnownStream, NoticedEvent } from "./history-api.js" */
/** @import { Unit } from "./history-range.js" */
/** @import { Notice } from "./history-text.js" */
/** @import { Me } from "./who-am-i.js" */

const TICK_MS = 1000;
const SHORTEST_RENEWAL_S = 10;
const RENEWALS = 200; // in the time that is shown: more often nobody would see a difference
const AWAY_S = 2; // a server that starts again is soon back
const HEAT_AGE_MS = 300_000; // hours change slowly
const SLOW_MS = 300; // what comes sooner needs no sign that it comes
const AROUND_EVENT_S = 120;
const EXPORTS = /** @type {const} */ (["csv", "parquet"]);

class HistoryPage {
  #relay = openLine();
  #range = new HistoryRange("day");
  #plots = new HistoryPlots({
    place: find("plots", HTMLElement),
    range: this.#range,
    changed: () => void this.#load(),
    pointed: (time) => this.#showReadout(time),
  });
  #events = new EventList(
    find("events", HTMLElement),
    find("events-more", HTMLElement),
    (event) => this.#showEvent(event),
  );
  #heat = new HeatPanel((date) => this.#goTo(date.getTime() / 1000, UNITS_S.hour));
  #live = new LivePanel(this.#relay);
  #forget = new ForgetDialog(() => this.#forgotten());
  #analysis;
  #rooms = find("stream", HTMLSelectElement);
  /** Of whom there is history, once that was told. @type {KnownStream[] | null} */
  #known = null;
  #stream = new URLSearchParams(location.search).get("stream") ?? recall("stream") ?? "";
  /** @type {HistoryAnswer | null} */
  #answer = null;
  /** Counts what was asked, so that a late answer is known as such. */
  #asked = 0;
  /** When what is shown is old, or another try is due; of `performance.now()`. */
  #renewAt = Infinity;
  #heatAt = -Infinity;

  /** @param {Me | null} me */
  constructor(me) {
    this.#analysis = new AnalysisSwitch(isAdmin(me));
    find("forget", HTMLElement).hidden = !isAdmin(me);
    showLine(this.#relay);
    this.#bind();
    this.#relay.on("streams", () => this.#showRooms());
    setInterval(() => this.#renew(), TICK_MS);
    void this.#load();
  }

  #bind() {
    this.#rooms.addEventListener("change", () => this.#choose(this.#rooms.value));
    find("units", HTMLElement).addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement) {
        this.#move(() => this.#range.choose(/** @type {Unit} */ (target.value)));
      }
    });
    this.#onClick("back", () => this.#move(() => this.#range.move(-1)));
    this.#onClick("forward", () => this.#move(() => this.#range.move(1)));
    this.#onClick("zoom-in", () => this.#move(() => this.#range.zoom(0.5)));
    this.#onClick("zoom-out", () => this.#move(() => this.#range.zoom(2)));
    this.#onClick("reset", () => this.#move(() => this.#range.reset()));
    this.#onClick("forget", () =>
      this.#forget.ask(this.#stream, this.#title, { from: this.#range.from, to: this.#range.to }),
    );
  }

  /**
   * @param {string} id
   * @param {() => void} clicked
   */
  #onClick(id, clicked) {
    find(id, HTMLButtonElement).addEventListener("click", clicked);
  }

  // --- what the person does -------------------------------------------------------------

  /** @param {string} stream */
  #choose(stream) {
    this.#stream = stream;
    const here = new URL(location.href);
    here.searchParams.set("stream", stream);
    history.replaceState(null, "", here);
    this.#answer = null;
    void this.#load(true);
  }

  /** @param {() => void} move */
  #move(move) {
    find("span", HTMLElement).ariaLive = "polite";
    move();
    this.#plots.follow();
    void this.#load();
  }

  /** What was shown is gone. */
  #forgotten() {
    this.#answer = null;
    find("shown", HTMLElement).hidden = true;
    void this.#load(true);
  }

  /** @param {NoticedEvent} event */
  #showEvent({ began_at, ended_at }) {
    const lasted = (ended_at ?? began_at) - began_at;
    this.#goTo(began_at - AROUND_EVENT_S, lasted + 2 * AROUND_EVENT_S);
    find("plots", HTMLElement).focus();
  }

  /**
   * @param {number} from
   * @param {number} length
   */
  #goTo(from, length) {
    this.#move(() => this.#range.show(from, from + length));
    find("span", HTMLElement).scrollIntoView({ block: "nearest" });
  }

  // --- what is asked --------------------------------------------------------------------

  /** Go along with time where now is shown; try again where nothing could be. */
  #renew() {
    if (document.visibilityState !== "visible" || performance.now() < this.#renewAt) return;
    if (this.#answer && !this.#range.newest) return;
    if (this.#answer) this.#range.follow();
    find("span", HTMLElement).ariaLive = "off"; // time goes by itself: nobody needs to be told
    void this.#load();
  }

  /** @param {number} seconds */
  #renewAfter(seconds) {
    this.#renewAt = performance.now() + seconds * 1000;
  }

  /** @param {boolean} [anew] whether the room is another one, or not as it was */
  async #load(anew = false) {
    const asked = ++this.#asked;
    this.#renewAt = Infinity;
    if (anew) this.#heatAt = -Infinity;
    this.#showSpan();
    const slow = setTimeout(() => this.#showLoading(true), SLOW_MS);
    try {
      if (anew || !this.#answer) await this.#loadRooms();
      if (asked !== this.#asked || !this.#known?.length) return;
      const answer = await askHistory(this.#stream, this.#range, FEATURES);
      if (asked !== this.#asked) return;
      this.#show(answer);
      await this.#loadHeat();
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#renewAfter(error instanceof ApiError ? SHORTEST_RENEWAL_S : AWAY_S);
      this.#fail(failureNotice(error));
    } finally {
      clearTimeout(slow);
      if (asked === this.#asked) this.#showLoading(false);
    }
  }

  async #loadRooms() {
    const { streams, formats } = await askKnownStreams();
    this.#known = streams;
    this.#showRooms();
    if (this.#stream) void this.#analysis.show(this.#stream);
    find("exports", HTMLElement).hidden = this.#known.length === 0;
    if (this.#known.length === 0) {
      this.#answer = null;
      this.#renewAfter(SHORTEST_RENEWAL_S);
      return this.#fail(NOTHING_YET);
    }
    find("export-parquet", HTMLElement).hidden = !formats.includes("parquet");
  }

  async #loadHeat() {
    if (performance.now() - this.#heatAt < HEAT_AGE_MS) return;
    const to = Date.now() / 1000;
    const span = { from: to - DAYS * UNITS_S.day, to };
    const stream = this.#stream;
    const answer = await askHistory(stream, span, ["level_dbfs", "speech_ratio"], UNITS_S.hour);
    if (stream !== this.#stream) return;
    this.#heatAt = performance.now();
    this.#heat.show(answer);
  }

  // --- what is shown --------------------------------------------------------------------

  get #title() {
    return this.#rooms.selectedOptions[0]?.text ?? titleOfAddress(this.#stream);
  }

  /** Those of whom there is history, and those who are on the air. */
  #showRooms() {
    /** @type {Map<string, string>} */
    const rooms = new Map();
    for (const stream of this.#relay.streams) {
      if (stream.slug !== null || stream.name !== null) rooms.set(addressOf(stream), titleOf(stream));
    }
    for (const { stream, name } of this.#known ?? []) {
      if (!rooms.has(stream)) rooms.set(stream, name ?? titleOfAddress(stream));
    }
    if (this.#stream && !this.#known) rooms.set(this.#stream, titleOfAddress(this.#stream));
    if (!rooms.has(this.#stream) && rooms.size) {
      const known = this.#known?.find(({ live }) => live) ?? this.#known?.[0];
      this.#stream = known?.stream ?? [...rooms.keys()][0];
      void this.#analysis.show(this.#stream);
    }
    this.#offer(rooms);
    this.#live.show(this.#stream);
    find("keeping", HTMLElement).hidden = rooms.size === 0;
  }

  /** @param {Map<string, string>} rooms titles by address */
  #offer(rooms) {
    const offered = [...this.#rooms.options].map(({ value, text }) => [value, text]);
    // A list that is open would close.
    if (String(offered) !== String([...rooms])) {
      const options = [...rooms].map(([value, title]) => element("option", { value }, title));
      this.#rooms.replaceChildren(...options);
    }
    this.#rooms.disabled = rooms.size === 0;
    this.#rooms.value = this.#stream;
  }

  /** @param {HistoryAnswer} answer */
  #show(answer) {
    this.#answer = answer;
    this.#renewAfter(Math.max(SHORTEST_RENEWAL_S, this.#range.length / RENEWALS));
    find("shown", HTMLElement).hidden = false;
    this.#plots.show(answer);
    this.#events.show(answer.events);
    const summary = summaryOf(answer);
    const text = summary ? summaryText(summary, answer.events.length) : "";
    say(find("summary", HTMLElement), text);
    this.#notify(summary || answer.events.length ? null : NOTHING_THEN);
    this.#showReadout(null);
    for (const format of EXPORTS) {
      const link = find(`export-${format}`, HTMLAnchorElement);
      link.href = exportAddress(answer.stream, this.#range, format);
    }
  }

  #showSpan() {
    const { from, to, newest, zoomed } = this.#range;
    say(find("span", HTMLElement), spanText({ from, to }));
    find("forward", HTMLButtonElement).disabled = newest;
    find("reset", HTMLButtonElement).disabled = newest && !zoomed;
    find("zoom-out", HTMLButtonElement).disabled = this.#range.length >= UNITS_S.month;
  }

  /** @param {number | null} time */
  #showReadout(time) {
    const moment = this.#answer && time !== null ? momentAt(this.#answer, time) : null;
    const hint = time === null ? "Point at the plots to read a moment." : "Nothing measured then.";
    say(find("readout", HTMLElement), moment ? readoutText(moment) : hint);
  }

  /** @param {boolean} loading */
  #showLoading(loading) {
    find("loading", HTMLElement).hidden = !loading;
  }

  /** @param {Notice} notice */
  #fail(notice) {
    if (!this.#answer) find("shown", HTMLElement).hidden = true;
    this.#notify(notice);
  }

  /** @param {Notice | null} notice */
  #notify(notice) {
    find("notice", HTMLElement).hidden = notice === null;
    if (!notice) return;
    say(find("notice-title", HTMLElement), notice.title);
    say(find("notice-text", HTMLElement), notice.text);
    const nobody = this.#relay.streams.length === 0;
    find("notice-link", HTMLElement).hidden = notice !== NOTHING_YET || !nobody;
  }
}

new HistoryPage(await askWhoIAm());
