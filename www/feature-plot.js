/** One measured feature over time: its mean as a line, from its minimum to its maximum as a band. */

import { tickText } from "./history-text.js";
import uPlot from "./vendor/uPlot.esm.js";

/** @import { Span } from "./history-range.js" */
/** @import { Series } from "./history-series.js" */

/**
 * @typedef {Object} PlotStyle
 * @property {number} height
 * @property {[number, number]} between what the axis shows at least
 * @property {boolean} grows whether it shows more if there is more
 * @property {(value: number) => string} words what stands at its marks
 * @property {boolean} hasTimes whether times stand below it
 */

/**
 * @typedef {Object} PlotHooks
 * @property {(span: Span) => void} zoomed by dragging the mouse
 * @property {() => void} reset by a double click
 * @property {(time: number | null) => void} pointed at a time, or away
 * @property {(plot: uPlot) => void} [draw] what else is drawn
 */

const TOGETHER = "history"; // plots that point at the same time
const TIMES_PX = 30;
const SMALLEST_DRAG_PX = 6;
const WITH_SECONDS_S = 900; // below it times have seconds, and need more room

export class FeaturePlot {
  #place;
  #style;
  #hooks;
  /** @type {Series} */
  #series = { times: [], mean: [], maximum: [], minimum: [] };
  /** @type {Span} */
  #span = { from: 0, to: 1 };
  /** @type {uPlot | null} */
  #plot = null;

  /**
   * @param {HTMLElement} place
   * @param {PlotStyle} style
   * @param {PlotHooks} hooks
   */
  constructor(place, style, hooks) {
    this.#place = place;
    this.#style = style;
    this.#hooks = hooks;
    new ResizeObserver(() => this.#fit()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#make());
  }

  /** Where on the screen the times are. */
  get box() {
    return (this.#plot?.over ?? this.#place).getBoundingClientRect();
  }

  /** @param {Series} series */
  show(series) {
    this.#series = series;
    if (this.#plot) this.#plot.setData(this.#data);
    else this.#make();
  }

  /** @param {Span} span */
  setSpan(span) {
    this.#span = span;
    this.#plot?.setScale("x", { min: span.from, max: span.to });
  }

  /** @returns {uPlot.AlignedData} */
  get #data() {
    const { times, mean, maximum, minimum } = this.#series;
    return [times, mean, maximum, minimum];
  }

  get #height() {
    return this.#style.height + (this.#style.hasTimes ? TIMES_PX : 0);
  }

  #fit() {
    const width = Math.floor(this.#place.clientWidth);
    if (!width) return;
    if (this.#plot) this.#plot.setSize({ width, height: this.#height });
    else if (this.#series.times.length) this.#make();
  }

  #make() {
    this.#plot?.destroy();
    this.#plot = null;
    const width = Math.floor(this.#place.clientWidth);
    if (width) this.#plot = new uPlot(this.#options(width), this.#data, this.#place);
  }

  /**
   * @param {number} width
   * @returns {uPlot.Options}
   */
  #options(width) {
    const styles = getComputedStyle(this.#place);
    const colour = (/** @type {string} */ name) => styles.getPropertyValue(`--${name}`).trim();
    const font = `12px ${styles.fontFamily}`;
    const lines = { stroke: colour("line"), width: 1 };
    const { words, hasTimes } = this.#style;
    const bare = { stroke: "transparent", points: { show: false } };
    return {
      width,
      height: this.#height,
      legend: { show: false },
      padding: [8, 8, hasTimes ? 0 : 8, 0],
      scales: {
        x: { time: true, range: () => [this.#span.from, this.#span.to] },
        y: { range: (_, low, high) => this.#between(low, high) },
      },
      series: [
        {},
        { stroke: colour("accent"), width: 1.5, points: { size: 4, fill: colour("accent") } },
        bare,
        bare,
      ],
      bands: [{ series: [2, 3], fill: colour("band") }],
      axes: [
        {
          stroke: colour("ink-soft"),
          font,
          grid: lines,
          ticks: { show: false },
          size: hasTimes ? TIMES_PX : 0,
          space: () => (this.#span.to - this.#span.from < WITH_SECONDS_S ? 104 : 64),
          values: (_, times, __, ___, distance) =>
            times.map((time) => (hasTimes ? tickText(time, distance) : "")),
        },
        {
          stroke: colour("ink-soft"),
          font,
          grid: lines,
          ticks: { show: false },
          size: 48,
          space: 28,
          values: (_, values) => values.map(words),
        },
      ],
      cursor: {
        y: false,
        sync: { key: TOGETHER },
        points: { size: 6 },
        drag: { x: true, y: false, setScale: false },
        bind: {
          dblclick: () => () => {
            this.#hooks.reset();
            return null;
          },
        },
      },
      hooks: {
        setSelect: [(plot) => this.#selected(plot)],
        setCursor: [(plot) => this.#pointed(plot)],
        draw: this.#hooks.draw ? [this.#hooks.draw] : [],
      },
    };
  }

  /**
   * @param {number | null} low
   * @param {number | null} high
   * @returns {[number, number]}
   */
  #between(low, high) {
    const [least, most] = this.#style.between;
    if (!this.#style.grows) return [least, most];
    return [Math.min(least, low ?? least), Math.max(most, (high ?? most) * 1.05)];
  }

  /** @param {uPlot} plot */
  #selected(plot) {
    const { left, width } = plot.select;
    if (width < SMALLEST_DRAG_PX) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#hooks.zoomed({ from: plot.posToVal(left, "x"), to: plot.posToVal(left + width, "x") });
  }

  /** @param {uPlot} plot */
  #pointed(plot) {
    const left = plot.cursor.left ?? -1;
    this.#hooks.pointed(left < 0 ? null : plot.posToVal(left, "x"));
  }
}
