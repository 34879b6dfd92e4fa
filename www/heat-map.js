/** <heat-map>: days by hours; seen as a picture, read as a table, walked through with the arrow keys. */

import { element } from "./element.js";
import { heatColour } from "./heat-colours.js";
import { HOURS } from "./heat-grid.js";
import { dayText } from "./history-text.js";

/** @import { Day } from "./heat-grid.js" */

const LEFT_PX = 84;
const TOP_PX = 20;
const ROW_PX = 15;
const GAP_PX = 1;

/**
 * @typedef {Object} HeatScale
 * @property {number} least what has the darkest colour
 * @property {number} most what has the brightest
 * @property {(value: number) => string} words
 */

export class HeatMap extends HTMLElement {
  #canvas = element("canvas", { role: "img", tabindex: "0" });
  #said = element("p", { class: "quiet heat-readout", "aria-live": "polite" });
  /** @type {Day[]} */
  #days = [];
  /** @type {HeatScale} */
  #scale = { least: 0, most: 1, words: String };
  /** @type {{row: number, hour: number} | null} */
  #at = null;
  /** Called with the beginning of an hour. @type {(date: Date) => void} */
  picked = () => {};
  #watcher = new ResizeObserver(() => this.#draw());
  #scheme = matchMedia("(prefers-color-scheme: dark)");
  #redraw = () => this.#draw();

  constructor() {
    super();
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerleave", () => this.#go(null));
    this.#canvas.addEventListener("click", (event) => {
      this.#point(event);
      this.#pick();
    });
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  connectedCallback() {
    this.replaceChildren(this.#canvas, this.#said);
    this.#watcher.observe(this);
    this.#scheme.addEventListener("change", this.#redraw);
  }

  disconnectedCallback() {
    this.#watcher.disconnect();
    this.#scheme.removeEventListener("change", this.#redraw);
  }

  /**
   * @param {Day[]} days oldest first
   * @param {HeatScale} scale
   * @param {string} label what it is a picture of
   */
  show(days, scale, label) {
    this.#days = days;
    this.#scale = scale;
    this.#canvas.setAttribute("aria-label", `${label}. Arrow keys read single hours.`);
    this.#go(null);
  }

  get #cell() {
    return (this.clientWidth - LEFT_PX) / HOURS;
  }

  #draw() {
    const width = this.clientWidth;
    const height = TOP_PX + this.#days.length * ROW_PX;
    const context = this.#canvas.getContext("2d");
    if (!context || width <= LEFT_PX) return;
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.#canvas.style.height = `${height}px`;
    context.scale(devicePixelRatio, devicePixelRatio);
    const styles = getComputedStyle(this);
    context.font = `12px ${styles.fontFamily}`;
    context.fillStyle = styles.getPropertyValue("--ink-soft");
    context.textBaseline = "middle";
    this.#drawHours(context);
    this.#days.forEach((day, row) => this.#drawDay(context, day, row, styles));
    this.#drawFrame(context, styles);
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawHours(context) {
    context.textAlign = "center";
    for (let hour = 0; hour < HOURS; hour += 6) {
      context.fillText(`${hour}:00`, LEFT_PX + Math.max(hour * this.#cell, 14), TOP_PX / 2);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Day} day
   * @param {number} row
   * @param {CSSStyleDeclaration} styles
   */
  #drawDay(context, { date, hours }, row, styles) {
    const top = TOP_PX + row * ROW_PX;
    context.textAlign = "left";
    context.fillStyle = styles.getPropertyValue("--ink-soft");
    // Every second one, and the last: names that touch are not read.
    if ((this.#days.length - 1 - row) % 2 === 0) {
      context.fillText(dayText(date), 0, top + ROW_PX / 2);
    }
    const nothing = styles.getPropertyValue("--sunken");
    hours.forEach((value, hour) => {
      context.fillStyle = value === null ? nothing : this.#colour(value);
      const left = LEFT_PX + hour * this.#cell;
      context.fillRect(left, top, this.#cell - GAP_PX, ROW_PX - GAP_PX);
    });
  }

  /** @param {number} value */
  #colour(value) {
    const { least, most } = this.#scale;
    return `rgb(${heatColour((value - least) / (most - least)).join(" ")})`;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {CSSStyleDeclaration} styles
   */
  #drawFrame(context, styles) {
    if (!this.#at) return;
    const { row, hour } = this.#at;
    context.strokeStyle = styles.getPropertyValue("--ink");
    context.lineWidth = 2;
    const left = LEFT_PX + hour * this.#cell;
    context.strokeRect(left - 1, TOP_PX + row * ROW_PX - 1, this.#cell + 1, ROW_PX + 1);
  }

  /** @param {PointerEvent | MouseEvent} event */
  #point({ offsetX, offsetY }) {
    const row = Math.floor((offsetY - TOP_PX) / ROW_PX);
    const hour = Math.floor((offsetX - LEFT_PX) / this.#cell);
    const inside = this.#days[row] && hour >= 0 && hour < HOURS;
    this.#go(inside ? { row, hour } : null);
  }

  /** @param {{row: number, hour: number} | null} at */
  #go(at) {
    this.#at = at;
    this.#said.textContent = this.#words();
    this.#draw();
  }

  #words() {
    if (!this.#at) return "Point at an hour to read it, tap to see it.";
    const { date, hours } = this.#days[this.#at.row];
    const { hour } = this.#at;
    const value = hours[hour];
    const read = value === null ? "nothing measured" : this.#scale.words(value);
    return `${dayText(date)}, ${hour}:00 to ${hour + 1}:00 · ${read}`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEPS[event.key];
    if (event.key === "Enter" || event.key === " ") this.#pick();
    else if (!step || !this.#days.length) return;
    else {
      const { row, hour } = this.#at ?? { row: this.#days.length - 1, hour: 0 };
      this.#go({
        row: Math.min(this.#days.length - 1, Math.max(0, row + step[1])),
        hour: Math.min(HOURS - 1, Math.max(0, hour + step[0])),
      });
    }
    event.preventDefault();
  }

  #pick() {
    if (!this.#at) return;
    const { date } = this.#days[this.#at.row];
    this.picked(
      new Date(date.getFullYear(), date.getMonth(), date.getDate(), this.#at.hour),
    );
  }
}

/** @type {Record<string, [number, number]>} hours and days */
const STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

customElements.define("heat-map", HeatMap);
