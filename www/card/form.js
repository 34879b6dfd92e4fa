/** The form in which a dashboard's owner fills in a card's options. */

import { CARDS, SHOWN, readConfig } from "./config.js";
import { speak } from "./words.js";

/** @import { WordKey } from "./words/en.js" */

const TALKS = ["either", "hold", "toggle", "off"];

/**
 * The form of a card, in the language of the page around it.
 *
 * @param {keyof typeof CARDS} card
 */
export function configForm(card) {
  const say = speak(document.documentElement.lang);
  const valued = (/** @type {string[]} */ values) =>
    values.map((value) => ({ value, label: say(/** @type {WordKey} */ (`value_${value}`)) }));
  const option = (/** @type {string} */ name) => /** @type {WordKey} */ (`option_${name}`);
  const { talk, listen } = CARDS[card];
  return {
    schema: [
      { name: "title", selector: { text: {} } },
      { name: "stream", selector: { text: {} } },
      ...(talk ? [{ name: "talk", selector: { select: { mode: "dropdown", options: valued(TALKS) } } }] : []),
      ...(listen ? [{ name: "listen", default: true, selector: { boolean: {} } }] : []),
      { name: "auto_start", selector: { boolean: {} } },
      { name: "name", selector: { text: {} } },
      { name: "show", selector: { select: { multiple: true, options: valued(SHOWN) } } },
      { name: "url", selector: { text: { type: "url" } } },
    ],
    computeLabel: (/** @type {{name: string}} */ { name }) => say(option(name)),
    computeHelper: (/** @type {{name: string}} */ { name }) =>
      name === "show" ? "" : say(option(`${name}_help`)),
    assertConfig: (/** @type {unknown} */ config) => void readConfig(config, CARDS[card]),
  };
}
