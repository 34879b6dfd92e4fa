/** Four weeks of a room, hour by hour: as a picture, and the same as a table. */

import { element, find, say } from "./element.js";
import { drawLegend } from "./heat-colours.js";
import { daysOf, outlineOf } from "./heat-grid.js";
import { HeatMap } from "./heat-map.js";
import { dayText, dbText, shareText } from "./history-text.js";

/** @import { HistoryAnswer } from "./history-api.js" */
/** @import { HeatScale } from "./heat-map.js" */

export const DAYS = 28;

/** @type {Record<string, HeatScale & {label: string}>} */
const SCALES = {
  level_dbfs: { least: -75, most: -25, words: dbText, label: "How loud it was" },
  speech_ratio: { least: 0, most: 0.5, words: shareText, label: "How much was spoken" },
};

export class HeatPanel {
  #map = find("heat", HeatMap);
  #choice = find("heat-of", HTMLElement);
  #table = find("heat-table", HTMLElement);
  /** @type {HistoryAnswer | null} */
  #answer = null;

  /** @param {(date: Date) => void} picked called with the beginning of an hour */
  constructor(picked) {
    this.#map.picked = picked;
    this.#choice.addEventListener("change", () => this.#render());
    const legend = document.querySelector(".heat-head canvas.legend-colours");
    if (legend instanceof HTMLCanvasElement) drawLegend(legend);
  }

  /** @param {HistoryAnswer} answer of the last `DAYS` days with a step of an hour */
  show(answer) {
    this.#answer = answer;
    this.#render();
  }

  get #feature() {
    const chosen = this.#choice.querySelector("input:checked");
    return chosen instanceof HTMLInputElement ? chosen.value : "level_dbfs";
  }

  #render() {
    if (!this.#answer) return;
    const scale = SCALES[this.#feature];
    const days = daysOf(this.#answer, this.#feature, DAYS);
    this.#map.show(days, scale, `${scale.label} in each hour of ${DAYS} days`);
    say(find("heat-least", HTMLElement), scale.words(scale.least));
    say(find("heat-most", HTMLElement), scale.words(scale.most));
    const rows = [...days].reverse().map((day) => {
      const outline = outlineOf(day);
      const told = outline
        ? [scale.words(outline.mean), `${scale.words(outline.top)} at ${outline.topHour}:00`]
        : ["nothing measured", ""];
      const cells = told.map((text) => element("td", {}, text));
      return element("tr", {}, element("th", { scope: "row" }, dayText(day.date)), ...cells);
    });
    this.#table.replaceChildren(...rows);
  }
}
