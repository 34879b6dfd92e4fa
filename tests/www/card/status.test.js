import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { cardStatus } from "../../../www/card/status.js";
import { heardByText, listenersText } from "../../../www/card/phrases.js";
import { speak } from "../../../www/card/words.js";
import { details } from "../fakes.js";

const say = speak("en");
const NURSERY = details("stream_0b7c1234", { name: "Nursery", slug: "nursery" });
const IDLE = { phase: "idle", reason: null, stream: null, error: null, endReason: null };
const HEARING = { ...IDLE, phase: "hearing", stream: NURSERY };
const QUIET = {
  obstacle: null,
  line: "open",
  address: null,
  asked: null,
  stream: null,
  listens: true,
  hearing: IDLE,
  refused: false,
  talk: null,
};
const status = (facts) => cardStatus({ ...QUIET, ...facts }, say);

describe("a card", () => {
  test("is quiet while nobody is on air, and says whom it waits for", () => {
    assert.deepEqual(status({}), {
      mood: "quiet",
      chip: "Quiet",
      headline: "",
      explanation: "Nobody is on air.",
    });
    assert.equal(status({ asked: "Nursery" }).headline, "Nursery");
  });

  test("tells who is on air, and how to hear it only if it can be heard there", () => {
    const { mood, headline, explanation } = status({ stream: NURSERY });
    assert.deepEqual([mood, headline], ["air", "Nursery"]);
    assert.match(explanation, /Press Listen/);
    assert.doesNotMatch(status({ stream: NURSERY, listens: false }).explanation, /Listen/);
  });

  test("tells a muted microphone from a quiet room, and both from a tap that is missing", () => {
    const heard = { stream: NURSERY, hearing: HEARING };
    const muted = { ...NURSERY, muted: true };
    assert.equal(status(heard).chip, "Listening");
    assert.equal(status({ stream: muted, hearing: { ...HEARING, stream: muted } }).chip, "Muted");
    assert.equal(status({ ...heard, refused: true }).chip, "Needs a tap");
  });

  test("says that the sound is lost, and whose", () => {
    const hearing = { ...HEARING, phase: "lost", reason: "ended", endReason: "no_media" };
    const { mood, headline } = status({ hearing });
    assert.deepEqual([mood, headline], ["lost", "Nursery"]);
  });

  test("is only quiet when who spoke has stopped, or left after a silence", () => {
    const ended = { ...HEARING, phase: "lost", reason: "ended" };
    assert.equal(status({ hearing: { ...ended, endReason: "stopped" } }).mood, "quiet");
    const muted = { ...ended, endReason: "no_media", stream: { ...NURSERY, muted: true } };
    assert.equal(status({ hearing: muted }).mood, "quiet");
  });

  test("does not call lost what it still hears", () => {
    const { mood, headline } = status({ line: "waiting", hearing: HEARING });
    assert.deepEqual([mood, headline], ["heard", "Nursery"]);
  });

  test("says where it does not reach Earshot", () => {
    assert.equal(status({ line: "connecting" }).chip, "Connecting");
    const address = "http://192.168.1.5:8080/";
    assert.ok(status({ line: "waiting", address }).explanation.includes(address));
    assert.match(status({ line: "waiting" }).explanation, /does not answer/);
  });

  test("says what is in the way, and what to do", () => {
    const { mood, explanation } = status({ obstacle: { obstacle: "app_off", detail: "" } });
    assert.equal(mood, "lost");
    assert.match(explanation, /Start it in Home Assistant/);
  });

  test("says of talking only what is so", () => {
    const talk = { opening: false, phase: "live", name: "Kitchen" };
    assert.deepEqual(status({ talk }), {
      mood: "talking",
      chip: "On air",
      headline: "You are on air",
      explanation: "As “Kitchen”.",
    });
    const mood = (more) => status({ talk: { ...talk, ...more } }).mood;
    assert.equal(mood({ opening: true }), "waiting");
    assert.equal(mood({ phase: "connecting" }), "waiting");
    assert.equal(mood({ phase: "lost" }), "lost");
  });
});

test("who listens is told by name to who talks, and counted for others", () => {
  const hearers = [{ name: "Hall" }, { name: "Anna" }];
  assert.equal(heardByText({ hearers, more: 0 }, say), "Heard by Hall, Anna");
  assert.equal(heardByText({ hearers, more: 3 }, say), "Heard by Hall, Anna and 3 more");
  assert.equal(heardByText({ hearers: [], more: 0 }, say), "Nobody is listening.");
  assert.equal(heardByText(null, say), "");
  assert.equal(listenersText({ receivers: 1, listeners: 0 }, say), "1 is listening");
  assert.equal(listenersText({ receivers: 1, listeners: 2 }, say), "3 are listening");
});
