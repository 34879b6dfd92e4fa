import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Coach } from "../../www/coach.js";

/** A sentence as a microphone on a desk has it, ten levels a second above its loudest: syllables and pauses. */
const SENTENCE = [
  -9, -3, -1, -4, -12, -2, 0, -3, -8, -2, -1, -6, -24, -38, -5, -1, -2, -7, -3, 0, -4, -10, -2, -5,
  -18, -40, -42, -41, -6, -2, -1, -3, -9, -1, -4, -20, -41, -42, -43, -41,
];
/** The same breath of a room, tenth by tenth. */
const ROOM = [0, 1, -1, 0.5, -0.5, 1.5, 0, -1.5];

let coach, now, said;

beforeEach(() => {
  coach = new Coach();
  now = 0;
  said = [];
});

/** Somebody speaks, with a loudest level, in a room that is never quieter than another. */
function speaks(seconds, loudest, room = -62, peakOver = 8) {
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    const floor = room + ROOM[tenth % ROOM.length];
    measures(Math.max(floor, loudest + SENTENCE[tenth % SENTENCE.length]), peakOver);
  }
}

function isQuiet(seconds, room = -62) {
  for (let tenth = 0; tenth < seconds * 10; tenth++) measures(room + ROOM[tenth % ROOM.length], 6);
}

function measures(level, peakOver) {
  now += 100;
  const advice = coach.hear(level, Math.min(0, level + peakOver), now);
  if (said.at(-1)?.advice !== advice) said.push({ advice, at: now });
}

const words = () => said.map(({ advice }) => advice);

describe("a coach", () => {
  test("says nothing while nobody speaks", () => {
    isQuiet(60);
    assert.deepEqual(words(), [null]);
  });

  test("is content with a voice that is neither far nor near", () => {
    speaks(20, -20);
    assert.deepEqual(words(), [null, "fine"]);
  });

  test("asks who is hard to hear to speak louder, and is content when they do", () => {
    speaks(12, -40, -75);
    speaks(15, -20, -75);
    assert.deepEqual(words(), [null, "louder", "fine"]);
  });

  test("says that somebody is too close, as soon as the sound is clipped", () => {
    speaks(5, -4, -62, 10);
    assert.deepEqual(words(), [null, "too_close"]);
    assert.ok(said[1].at <= 4000);
  });

  test("says that a room is too noisy, whether it drowns a voice or is just loud", () => {
    speaks(15, -30, -40);
    assert.deepEqual(words(), [null, "noise"]);
    coach.reset();
    said = [];
    isQuiet(15, -30);
    assert.deepEqual(words(), [null, "noise"]);
  });

  test("falls silent some time after the last word, not at each pause", () => {
    speaks(15, -20);
    isQuiet(4);
    speaks(5, -20);
    assert.deepEqual(words(), [null, "fine"]);
    isQuiet(20);
    assert.deepEqual(words(), [null, "fine", null]);
  });

  test("never flickers: what it says stands for four seconds, whatever happens", () => {
    for (let turn = 0; turn < 20; turn++) {
      speaks(1.7, -38, -66);
      speaks(1.9, -4, -50, 12);
      isQuiet(1.3, -45);
      speaks(2.2, -34, -60);
    }
    const lasted = said.slice(2).map(({ at }, index) => at - said[index + 1].at);
    assert.ok(said.length > 2, "it has something to say");
    assert.ok(Math.min(...lasted) >= 4000, `${lasted}`);
  });

  test("forgets what another microphone heard", () => {
    speaks(20, -20);
    coach.reset();
    assert.equal(coach.advice, null);
  });
});
