import assert from "node:assert/strict";
import { test } from "node:test";

import { amplitude_dbfs, fullness, inWords, level_dbfs } from "../../www/loudness.js";

test("a full-scale square wave has 0 dBFS, a sine 3 dB less, silence the floor", () => {
  const square = Float32Array.from({ length: 480 }, (_, n) => (n % 2 ? 1 : -1));
  const sine = Float32Array.from({ length: 480 }, (_, n) => Math.sin((2 * Math.PI * n) / 48));
  assert.equal(level_dbfs(square), 0);
  assert.ok(Math.abs(level_dbfs(sine) + 3.01) < 0.01);
  assert.equal(level_dbfs(new Float32Array(480)), -100);
});

test("half the amplitude is 6 dB less", () => {
  assert.ok(Math.abs(amplitude_dbfs(0.5) + 6.02) < 0.01);
});

test("a meter is empty at its floor and below, full at full scale and above", () => {
  assert.deepEqual([-100, -60, -30, 0, 3].map(fullness), [0, 0, 0.5, 1, 1]);
});

test("louder never has a quieter word", () => {
  const words = [-90, -50, -30, -10, -3].map(inWords);
  assert.deepEqual(words, ["silent", "quiet", "clear", "loud", "very loud"]);
});
