import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { PlayoutBuffer } from "../../www/playout-buffer.js";

const RATE = 48_000;
const FRAME = 960;
const BLOCK = 128;

/** A sound that tells its age: each sample is its number, in seconds. */
class Sound {
  next = 0;
  frame() {
    return Float32Array.from({ length: FRAME }, () => this.next++ / RATE);
  }
}

/** Play for so long; `due` says how many frames have come by a time. What fades out has no age. */
function play(buffer, sound, seconds, due, from_s = 0) {
  const block = new Float32Array(BLOCK);
  const heard = [];
  let pushed = sound.next / FRAME;
  for (let time_s = from_s; time_s < from_s + seconds; time_s += BLOCK / RATE) {
    for (; pushed < due(time_s); pushed++) buffer.push(sound.frame());
    buffer.pull(block);
    const slope = (block[BLOCK - 1] - block[BLOCK - 2]) * RATE;
    if (Math.abs(slope - 1) < 0.1) heard.push({ time_s, age_s: time_s - block[BLOCK - 1] });
  }
  return heard;
}

const steady = (time_s) => Math.floor(time_s / 0.02);

describe("what waits to be played", () => {
  test("is heard evenly, after as long as the line needs", () => {
    const buffer = new PlayoutBuffer(RATE);
    const heard = play(buffer, new Sound(), 5, steady);
    assert.equal(buffer.madeUp, 0);
    assert.ok(heard.at(-1).age_s > 0.05 && heard.at(-1).age_s < 0.12, `${heard.at(-1).age_s}`);
  });

  test("is more after the line faltered, and less again when it is calm", () => {
    const buffer = new PlayoutBuffer(RATE);
    const sound = new Sound();
    const before_ms = buffer.target_ms;
    play(buffer, sound, 2, steady);
    play(buffer, sound, 1, (time_s) => (time_s < 2.5 ? 100 : steady(time_s)), 2);
    assert.ok(buffer.madeUp > 0);
    assert.equal(buffer.target_ms, before_ms + 30);
    play(buffer, sound, 60, steady, 3);
    assert.ok(buffer.target_ms < before_ms);
  });

  test("never grows beyond a bound: the oldest is left out", () => {
    const buffer = new PlayoutBuffer(RATE);
    const sound = new Sound();
    play(buffer, sound, 2, steady);
    // Two seconds of nothing, then all of it at once.
    const heard = play(buffer, sound, 4, (time_s) => (time_s < 4 ? 100 : steady(time_s)), 2);
    assert.ok(buffer.leftOut > RATE);
    assert.ok(heard.at(-1).age_s < 0.3, `${heard.at(-1).age_s}`);
    assert.ok(buffer.target_ms <= 250);
  });

  test("keeps its bound on a line that falters all the time", () => {
    const buffer = new PlayoutBuffer(RATE);
    const bursts = (time_s) => Math.floor(time_s / 0.4) * 20;
    const heard = play(buffer, new Sound(), 30, bursts);
    assert.equal(buffer.target_ms, 250);
    const late = heard.filter(({ time_s, age_s }) => time_s > 5 && age_s > 0.8);
    assert.equal(late.length, 0);
  });

  for (const ppm of [-2000, 2000]) {
    test(`neither gathers nor runs out where the clocks differ by ${ppm} ppm`, () => {
      const buffer = new PlayoutBuffer(RATE);
      const drifting = (time_s) => Math.floor((time_s * (1 + ppm / 1e6)) / 0.02);
      play(buffer, new Sound(), 120, drifting);
      assert.equal(buffer.madeUp, 0);
      assert.equal(buffer.leftOut, 0);
      assert.ok(buffer.held_ms < 150, `${buffer.held_ms}`);
    });
  }

  test("is forgotten when another sound begins", () => {
    const buffer = new PlayoutBuffer(RATE);
    play(buffer, new Sound(), 1, steady);
    buffer.clear();
    assert.equal(buffer.held_ms, 0);
    const block = new Float32Array(BLOCK);
    buffer.pull(block);
    assert.ok(Math.abs(block.at(-1)) < 1);
  });

  test("ends softly where nothing follows", () => {
    const buffer = new PlayoutBuffer(RATE);
    for (let frame = 0; frame < 5; frame++) buffer.push(new Float32Array(FRAME).fill(0.5));
    const block = new Float32Array(6 * FRAME);
    buffer.pull(block);
    const steps = Array.from(block.subarray(1), (sample, index) => Math.abs(sample - block[index]));
    assert.ok(Math.max(...steps) < 0.01);
    assert.ok(Math.abs(block.at(-1)) < 0.02);
  });
});
