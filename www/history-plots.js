/** Level, pitch and voice over one time, with what was noticed; moved by mouse, fingers and keys. */

import { FeaturePlot } from "./feature-plot.js";
import { seriesOf } from "./history-series.js";
import { dbText, shareText } from "./history-text.js";
import { TouchSpan } from "./touch-span.js";

/** @import { HistoryAnswer, NoticedEvent } from "./history-api.js" */
/** @import { HistoryRange, Span } from "./history-range.js" */
/** @import uPlot from "./vendor/uPlot.esm.js" */

/** What the plots ask for. */
export const FEATURES = ["level_dbfs", "pitch_hz", "speech_ratio"];

/** How kinds of events look: colours have no words, so each has its place in the list as well. */
const MARKS = { noise: "warn", speech: "accent", cry: "air" };

const MARK_PX = 3; // an event of a second is seen in a month
const BAR_PX = 6;
const MOST_COLUMNS = 40; // of more events only the marks at the top, or nothing else would be seen

/** What keys do: parts of the shown time to move, or a factor to zoom. */
const MOVES = { ArrowLeft: -0.25, ArrowRight: 0.25, PageUp: -1, PageDown: 1 };
const ZOOMS = { "+": 0.5, "=": 0.5, "-": 2 };

export class HistoryPlots {
  #place;
  #range;
  #changed;
  /** @type {NoticedEvent[]} */
  #events = [];
  /** @type {Record<string, FeaturePlot>} */
  #plots;

  /**
   * @param {Object} parts
   * @param {HTMLElement} parts.place with an element [data-feature] for each plot
   * @param {HistoryRange} parts.range
   * @param {() => void} parts.changed called when somebody has moved or zoomed it
   * @param {(time: number | null) => void} parts.pointed
   */
  constructor({ place, range, changed, pointed }) {
    this.#place = place;
    this.#range = range;
    this.#changed = changed;
    const hooks = {
      zoomed: (/** @type {Span} */ { from, to }) => this.#set(() => range.show(from, to)),
      reset: () => this.#set(() => range.reset()),
      pointed,
    };
    const level = { height: 190, between: span(-90, 0), grows: false, words: dbText };
    const pitch = { height: 110, between: span(0, 400), grows: true, words: String };
    const voice = { height: 84, between: span(0, 1), grows: false, words: shareText };
    this.#plots = {
      level_dbfs: new FeaturePlot(
        this.#part("level_dbfs"),
        { ...level, hasTimes: false },
        { ...hooks, draw: (plot) => this.#drawEvents(plot) },
      ),
      pitch_hz: new FeaturePlot(this.#part("pitch_hz"), { ...pitch, hasTimes: false }, hooks),
      speech_ratio: new FeaturePlot(this.#part("speech_ratio"), { ...voice, hasTimes: true }, hooks),
    };
    new TouchSpan(place, {
      span: () => ({ from: range.from, to: range.to }),
      box: () => this.#plots.level_dbfs.box,
      moving: ({ from, to }) => {
        range.show(from, to);
        this.follow();
      },
      moved: () => this.#changed(),
      reset: hooks.reset,
    });
    place.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {HistoryAnswer} answer */
  show(answer) {
    this.#events = answer.events;
    this.follow();
    for (const [feature, plot] of Object.entries(this.#plots)) plot.show(seriesOf(answer, feature));
  }

  /** Show what is known of the range until the rest is there. */
  follow() {
    for (const plot of Object.values(this.#plots)) plot.setSpan(this.#range);
  }

  /** @param {string} feature */
  #part(feature) {
    const found = this.#place.querySelector(`[data-feature=${feature}]`);
    if (found instanceof HTMLElement) return found;
    throw new Error(`the page has no place for ${feature}`);
  }

  /** @param {() => void} move */
  #set(move) {
    move();
    this.follow();
    this.#changed();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (key in MOVES) this.#set(() => this.#range.move(MOVES[/** @type {keyof MOVES} */ (key)]));
    else if (key in ZOOMS) this.#set(() => this.#range.zoom(ZOOMS[/** @type {keyof ZOOMS} */ (key)]));
    else if (key === "0") this.#set(() => this.#range.reset());
    else return;
    event.preventDefault();
  }

  /** @param {uPlot} plot */
  #drawEvents(plot) {
    const { ctx, bbox } = plot;
    const styles = getComputedStyle(this.#place);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { kind, began_at, ended_at } of this.#events) {
      const left = plot.valToPos(began_at, "x", true);
      const right = plot.valToPos(ended_at ?? this.#range.to, "x", true);
      const width = Math.max(right - left, MARK_PX * devicePixelRatio);
      const name = MARKS[/** @type {keyof MARKS} */ (kind)] ?? "ink-soft";
      ctx.fillStyle = styles.getPropertyValue(`--${name}`);
      ctx.globalAlpha = this.#events.length > MOST_COLUMNS ? 0 : 0.14;
      ctx.fillRect(left, bbox.top, width, bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillRect(left, bbox.top, width, BAR_PX * devicePixelRatio);
    }
    ctx.restore();
  }
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {[number, number]}
 */
function span(least, most) {
  return [least, most];
}
