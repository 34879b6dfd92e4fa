import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { LANGUAGES, knownLanguage, speak } from "../../../www/card/words.js";
import { troubleText } from "../../../www/card/phrases.js";

const { en, ...others } = LANGUAGES;
const PLACES = /\{\w+\}/g;

test("every language says everything, and leaves out nothing that is put in", () => {
  assert.deepEqual(Object.keys(others), ["de", "es", "fr", "nl"]);
  for (const [language, words] of Object.entries(others)) {
    assert.deepEqual(Object.keys(words), Object.keys(en), language);
    for (const [key, text] of Object.entries(words)) {
      assert.ok(text.trim(), `${language}.${key}`);
      assert.deepEqual(text.match(PLACES)?.sort(), en[key].match(PLACES)?.sort(), `${language}.${key}`);
    }
  }
});

test("nothing was left in English by mistake", () => {
  const international = new Set(["name", "option_stream", "on_air"]);
  for (const [language, words] of Object.entries(others)) {
    for (const [key, text] of Object.entries(words)) {
      if (!international.has(key)) assert.notEqual(text, en[key], `${language}.${key}`);
    }
  }
});

test("a language is known by its first part, and who speaks none is spoken to in English", () => {
  assert.equal(knownLanguage("de"), "de");
  assert.equal(knownLanguage("es-419"), "es");
  assert.equal(knownLanguage("NL-be"), "nl");
  for (const unknown of ["tlh", "", null, undefined, "constructor"]) {
    assert.equal(knownLanguage(unknown), "en");
  }
});

test("values are put in as they are", () => {
  assert.equal(speak("en")("talking_more", { name: "<b>{name}</b>" }), "As “<b>{name}</b>”.");
});

test("everything a relay may refuse is told, in words of the card's own where a person can act", () => {
  const relayed = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
  for (const code of ["name_taken", "bad_name", "not_allowed", "hushed", "replaced", "capacity_exceeded"]) {
    assert.match(relayed, new RegExp(`\`${code}\``));
    const text = troubleText({ code, message: "the relay's words" }, "Kitchen", speak("de"));
    assert.doesNotMatch(text, /relay's words/, code);
  }
  assert.match(troubleText({ code: "surprise", message: "its words" }, "", speak("de")), /its words/);
});

test("why there is no microphone is told by what the browser said", () => {
  const named = (name) => Object.assign(new Error("x"), { name });
  const told = (name) => troubleText({ code: "microphone", error: named(name) }, "", speak("en"));
  assert.match(told("NotAllowedError"), /not allowed/);
  assert.match(told("NotFoundError"), /no microphone/);
  assert.match(told("StrangeError"), /StrangeError/);
});
