/** The switch for sending only what is loud enough, its threshold on the meter, and what it does now. */

import { find, say } from "./element.js";
import { GatedTrack } from "./gated-track.js";
import { recall, remember } from "./memory.js";
import { GATE_TEXT } from "./send-text.js";
import { showPassingTrouble } from "./trouble.js";

const USUAL_DBFS = -45;

export class GateField {
  #wanted = find("gate-wanted", HTMLInputElement);
  #threshold = find("gate-threshold", HTMLInputElement);
  #mark = find("gate-mark", HTMLElement);
  /** @type {GatedTrack | null} */
  #gate = null;
  #open = false;
  #onAir = false;

  /** @param {() => void} changed called when it is switched on or off */
  constructor(changed) {
    this.#wanted.checked = recall("gate") === "on";
    this.#threshold.value = recall("gate_threshold") ?? String(USUAL_DBFS);
    find("gate-field", HTMLElement).hidden = !("AudioWorkletNode" in globalThis);
    this.#wanted.addEventListener("change", () => {
      remember("gate", this.#wanted.checked ? "on" : "off");
      this.#render();
      changed();
    });
    this.#threshold.addEventListener("input", () => {
      remember("gate_threshold", this.#threshold.value);
      if (this.#gate) this.#gate.threshold_dbfs = Number(this.#threshold.value);
      this.#render();
    });
    this.#render();
  }

  /** Whether quiet is kept back. */
  get wanted() {
    return this.#wanted.checked;
  }

  /**
   * What is to be sent of a microphone: itself, or what the gate lets through.
   *
   * @param {MediaStreamTrack} track
   * @returns {Promise<MediaStreamTrack>}
   */
  async through(track) {
    if (!this.wanted) {
      this.close();
      return track;
    }
    const gate = (this.#gate ??= this.#make());
    try {
      return await gate.follow(track);
    } catch {
      if (gate !== this.#gate) return track; // closed meanwhile: nothing is sent any more
      this.close();
      this.#wanted.checked = false;
      this.#render();
      showPassingTrouble("This browser cannot hold quiet sound back: everything is sent.");
      return track;
    }
  }

  /** @param {boolean} onAir whether somebody may hear what is let through */
  show(onAir) {
    this.#onAir = onAir;
    this.#render();
  }

  /** Nothing is sent any more. Idempotent. */
  close() {
    this.#gate?.close();
    this.#gate = null;
    this.#open = false;
    this.#render();
  }

  #make() {
    const gate = new GatedTrack(Number(this.#threshold.value));
    gate.on("open", (open) => {
      this.#open = open;
      this.#render();
    });
    return gate;
  }

  #render() {
    this.#threshold.hidden = !this.wanted;
    this.#threshold.setAttribute("aria-valuetext", `${this.#threshold.value} dB`);
    this.#mark.hidden = !(this.wanted && this.#onAir && this.#gate);
    this.#mark.dataset.state = this.#open ? "open" : "closed";
    say(this.#mark, this.#open ? GATE_TEXT.open : GATE_TEXT.closed);
  }
}
