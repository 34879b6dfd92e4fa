/** The one file that a dashboard loads: it makes Earshot's cards known there. */

import { EarshotCard } from "./card/card.js";
import { speak } from "./card/words.js";

/** @import { CARDS } from "./card/config.js" */

EarshotCard.sheets.push(...(await Promise.all(["icons.css", "card/card.css"].map(sheet))));

define(EarshotCard);
define(
  class extends EarshotCard {
    /** @override @type {keyof typeof CARDS} */
    static card = "voice-sending-card";
  },
);
define(
  class extends EarshotCard {
    /** @override @type {keyof typeof CARDS} */
    static card = "voice-receiving-card";
  },
);

const { customCards = [] } = /** @type {any} */ (window);
/** @type {any} */ (window).customCards = customCards;
const say = speak(document.documentElement.lang);
if (!customCards.some((/** @type {{type: string}} */ { type }) => type === EarshotCard.card)) {
  customCards.push({
    type: EarshotCard.card,
    name: say("name"),
    description: say("description"),
    documentationURL: "https://github.com/earshot-audio/earshot/blob/main/DOCS.md#cards-on-a-dashboard",
  });
}

/**
 * Make a card known, unless another file has taken its name: nothing can change that any more.
 *
 * @param {typeof EarshotCard} Card
 */
function define(Card) {
  if (!customElements.get(Card.card)) customElements.define(Card.card, Card);
}

/**
 * Load what a card looks like. Stylesheets of another origin are not to be linked, but may be read.
 *
 * @param {string} file beside this one
 */
async function sheet(file) {
  const answer = await fetch(new URL(file, import.meta.url));
  if (!answer.ok) throw new Error(`Earshot's cards have no ${file}: it was answered ${answer.status}`);
  return new CSSStyleSheet().replace(await answer.text());
}
