/** The languages of the cards. */

import { de } from "./words/de.js";
import { en } from "./words/en.js";
import { es } from "./words/es.js";
import { fr } from "./words/fr.js";
import { nl } from "./words/nl.js";

/** @import { WordKey, Words } from "./words/en.js" */

/** @type {Record<string, Words>} */
export const LANGUAGES = { en, de, es, fr, nl };

/** @typedef {(key: WordKey, values?: Record<string, string | number>) => string} Speak */

/**
 * Which of the languages somebody is spoken to in; English for who speaks none of them.
 *
 * @param {string | null | undefined} language such as "de" or "es-419"
 */
export function knownLanguage(language) {
  const base = (language ?? "").toLowerCase().split("-")[0];
  return Object.hasOwn(LANGUAGES, base) ? base : "en";
}

/**
 * Speak a language.
 *
 * @param {string | null | undefined} language
 * @returns {Speak}
 */
export function speak(language) {
  const words = LANGUAGES[knownLanguage(language)];
  return (key, values = {}) =>
    words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
