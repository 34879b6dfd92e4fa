/** <live-spectrogram>: which pitches sounded in the last minutes; time goes from left to now, at the right. */

import { element } from "./element.js";
import { heatColour } from "./heat-colours.js";
import { BANDS, SpectrumRing } from "./spectrum-ring.js";

/** @import { AudioData } from "./protocol.js" */

const MINUTES = 3;
const LEFT_PX = 54;
const BOTTOM_PX = 22;
const CALM_MS = 1000; // for who does not want things to move
export const DARKEST_DBFS = -90;
export const BRIGHTEST_DBFS = -25;

/** Frequencies that are told, and where between the lowest and the highest band they lie. */
const LOWEST_HZ = 50;
const HIGHEST_HZ = 16_000;
const TOLD_HZ = [100, 300, 1000, 3000, 10_000];

/** The colours of whole decibels, from the darkest on. */
const COLOURS = Uint8ClampedArray.from(
  { length: 4 * (BRIGHTEST_DBFS - DARKEST_DBFS + 1) },
  (_, place) => {
    const share = Math.floor(place / 4) / (BRIGHTEST_DBFS - DARKEST_DBFS);
    return [...heatColour(share), 255][place % 4];
  },
);

export class LiveSpectrogram extends HTMLElement {
  #canvas = element("canvas", { role: "img" });
  #picture = element("canvas");
  #ring = new SpectrumRing(MINUTES * 60);
  #watcher = new ResizeObserver(() => this.#draw());
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #drawnAt = -Infinity;
  #paused = false;

  connectedCallback() {
    const label = `The spectrum of the last ${MINUTES} minutes, from 50 Hz to 16 kHz`;
    this.#canvas.setAttribute("aria-label", label);
    this.#picture.width = this.#ring.columns;
    this.#picture.height = BANDS;
    this.replaceChildren(this.#canvas);
    this.#watcher.observe(this);
  }

  disconnectedCallback() {
    this.#watcher.disconnect();
  }

  /** Whether the picture stands still. What is heard meanwhile is there when it goes on. */
  get paused() {
    return this.#paused;
  }

  set paused(paused) {
    this.#paused = paused;
    if (!paused) this.#draw();
  }

  /** @param {AudioData} sound */
  hear(sound) {
    this.#ring.add(sound);
    if (this.#paused) return;
    const now = performance.now();
    if (this.#calm.matches && now - this.#drawnAt < CALM_MS) return;
    this.#drawnAt = now;
    this.#draw();
  }

  /** Another stream is heard. */
  clear() {
    this.#ring.clear();
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this;
    const context = this.#canvas.getContext("2d");
    if (!context || !width) return;
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    context.scale(devicePixelRatio, devicePixelRatio);
    this.#paint();
    const [inner, below] = [width - LEFT_PX, height - BOTTOM_PX];
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#picture, LEFT_PX, 0, inner, below);
    const styles = getComputedStyle(this);
    context.font = `12px ${styles.fontFamily}`;
    context.fillStyle = styles.getPropertyValue("--ink-soft");
    this.#drawFrequencies(context, below);
    this.#drawTimes(context, inner, height - BOTTOM_PX / 2);
  }

  /** Put the ring's columns into the small picture, the newest at its right. */
  #paint() {
    const context = this.#picture.getContext("2d");
    if (!context) return;
    const { columns } = this.#ring;
    const pixels = context.createImageData(columns, BANDS);
    for (let ago = 0; ago < columns; ago++) {
      const levels = this.#ring.column(ago);
      for (let band = 0; band < BANDS; band++) {
        const level = Math.min(BRIGHTEST_DBFS, Math.max(DARKEST_DBFS, levels?.[band] ?? -100));
        const colour = 4 * Math.round(level - DARKEST_DBFS);
        const place = 4 * ((BANDS - 1 - band) * columns + columns - 1 - ago);
        for (let part = 0; part < 4; part++) pixels.data[place + part] = COLOURS[colour + part];
      }
    }
    context.putImageData(pixels, 0, 0);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} below
   */
  #drawFrequencies(context, below) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const hz of TOLD_HZ) {
      const share = Math.log(hz / LOWEST_HZ) / Math.log(HIGHEST_HZ / LOWEST_HZ);
      const text = hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`;
      context.fillText(text, LEFT_PX - 6, below * (1 - share));
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} middle
   */
  #drawTimes(context, width, middle) {
    for (let minute = 0; minute <= MINUTES; minute++) {
      const last = minute === MINUTES;
      context.textAlign = last ? "right" : minute === 0 ? "left" : "center";
      const text = last ? "now" : `−${MINUTES - minute} min`;
      context.fillText(text, LEFT_PX + (minute / MINUTES) * width, middle);
    }
  }
}

customElements.define("live-spectrogram", LiveSpectrogram);
