/** The list of what was kept: each can be heard, taken away and, by admins, deleted. */

import { element, icon, say } from "./element.js";
import { durationText, titleOfAddress } from "./text.js";

/**
 * @typedef {Object} Clip
 * @property {string} id
 * @property {string} stream
 * @property {string} kind
 * @property {number} began_at
 * @property {number} duration_s
 * @property {number} bytes
 * @property {string} address
 */

const SURE_MS = 5000;

/** @type {Record<string, string>} */
const KINDS = {
  recording: "Recording",
  noise: "Noise",
  speech: "Somebody spoke",
  cry: "Crying",
  silence: "Silence",
  microphone_dead: "Dead microphone",
};

export class ClipList {
  #place;
  #remove;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} place an empty list
   * @param {((id: string) => void) | null} remove null: this browser may not
   */
  constructor(place, remove) {
    this.#place = place;
    this.#remove = remove;
  }

  /** @param {Clip[]} clips the newest first; what is shown already stays as it is, and plays on */
  show(clips) {
    const ids = new Set(clips.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    for (const clip of [...clips].reverse()) {
      if (this.#rows.has(clip.id)) continue;
      const row = this.#row(clip);
      this.#rows.set(clip.id, row);
      this.#place.prepend(row);
    }
  }

  /** @param {Clip} clip */
  #row(clip) {
    const title = `${KINDS[clip.kind] ?? clip.kind} · ${titleOfAddress(clip.stream)}`;
    const audio = element("audio", { controls: "", preload: "none", src: clip.address });
    audio.setAttribute("aria-label", title);
    const fetched = { class: "button", href: `${clip.address}?download`, download: "" };
    return element(
      "li",
      { class: "card stack" },
      element("h2", {}, title),
      element("p", { class: "quiet" }, factsText(clip)),
      audio,
      element(
        "div",
        { class: "row" },
        element("a", fetched, icon("download"), "Download"),
        ...(this.#remove ? [sureButton(() => this.#remove?.(clip.id))] : []),
      ),
    );
  }
}

/** @param {Clip} clip */
export function factsText({ began_at, duration_s, bytes }) {
  const at = new Date(began_at * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
  return `${at} · ${durationText(duration_s)} · ${Math.max(1, Math.round(bytes / 1000))} KB`;
}

/**
 * A button that wants to be pressed twice.
 *
 * @param {() => void} pressed
 */
function sureButton(pressed) {
  const button = element("button", { type: "button", class: "button" }, "Delete");
  let sure = false;
  button.addEventListener("click", () => {
    if (sure) return pressed();
    sure = true;
    say(button, "Really delete?");
    setTimeout(() => {
      sure = false;
      say(button, "Delete");
    }, SURE_MS);
  });
  return button;
}
