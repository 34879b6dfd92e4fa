/** <spectrum-view>: 32 bars that rise at once and fall slowly; decoration, hidden from screen readers. */

import { fullness } from "./loudness.js";

const BANDS = 32;
const FALL_PER_S = 1.6; // of the full height
const IDLE_HEIGHT = 0.02; // a line of dots: the picture of a quiet room is not an empty one
const FLOOR_DB = 18; // single bands lie that much below the level of the whole

export class SpectrumView extends HTMLElement {
  #canvas = document.createElement("canvas");
  #targets = new Float32Array(BANDS);
  #heights = new Float32Array(BANDS);
  #drawnAt = 0;
  #frame = 0;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #watcher = new ResizeObserver(() => this.#resize());

  connectedCallback() {
    this.setAttribute("aria-hidden", "true");
    this.replaceChildren(this.#canvas);
    this.#watcher.observe(this);
  }

  disconnectedCallback() {
    this.#watcher.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** @param {number[]} bands_dbfs */
  show(bands_dbfs) {
    for (let band = 0; band < BANDS; band++) {
      this.#targets[band] = fullness((bands_dbfs[band] ?? -100) + FLOOR_DB);
    }
    this.#wake();
  }

  /**
   * Show a level alone, where the bands are not known.
   *
   * @param {number} level_dbfs
   */
  showLevel(level_dbfs) {
    for (let band = 0; band < BANDS; band++) {
      const arch = Math.sin((Math.PI * (band + 0.5)) / BANDS);
      this.#targets[band] = fullness(level_dbfs) * arch;
    }
    this.#wake();
  }

  /** Let the bars fall. */
  rest() {
    this.#targets.fill(0);
    this.#wake();
  }

  #resize() {
    const { width, height } = this.getBoundingClientRect();
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.#draw();
  }

  #wake() {
    if (this.#frame || !this.isConnected) return;
    this.#drawnAt = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#step(now));
  }

  /** @param {number} now */
  #step(now) {
    const fall = this.#calm.matches ? 1 : ((now - this.#drawnAt) / 1000) * FALL_PER_S;
    this.#drawnAt = now;
    let moving = false;
    for (let band = 0; band < BANDS; band++) {
      const target = this.#targets[band];
      this.#heights[band] = Math.max(target, this.#heights[band] - fall);
      moving ||= this.#heights[band] !== target;
    }
    this.#draw();
    this.#frame = moving ? requestAnimationFrame((then) => this.#step(then)) : 0;
  }

  #draw() {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    if (!context || !width) return;
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(this).color;
    const pitch = width / BANDS;
    const thickness = Math.max(2, pitch * 0.56);
    for (let band = 0; band < BANDS; band++) {
      const bar = Math.max(thickness, Math.max(IDLE_HEIGHT, this.#heights[band]) * height);
      context.globalAlpha = 0.35 + 0.65 * this.#heights[band];
      this.#drawBar(context, band * pitch + (pitch - thickness) / 2, thickness, bar);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} left
   * @param {number} thickness
   * @param {number} length
   */
  #drawBar(context, left, thickness, length) {
    const top = (this.#canvas.height - length) / 2;
    context.beginPath();
    // Tablets on walls grow old; those of 2022 know no round corners.
    if ("roundRect" in context) context.roundRect(left, top, thickness, length, thickness / 2);
    else /** @type {CanvasPath} */ (context).rect(left, top, thickness, length);
    context.fill();
  }
}

customElements.define("spectrum-view", SpectrumView);
