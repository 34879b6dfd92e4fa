import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { level_dbfs } from "../../www/loudness.js";
import { NoiseGate } from "../../www/noise-gate.js";

const RATE = 48_000;
const BLOCK = 128;

/** A tone of a length and a level, as RMS; its phase goes on nowhere. */
function tone(seconds, dbfs) {
  const amplitude = Math.SQRT2 * 10 ** (dbfs / 20);
  return Float32Array.from({ length: seconds * RATE }, (_, index) =>
    amplitude * Math.sin((2 * Math.PI * 300 * index) / RATE),
  );
}

function joined(...parts) {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

function through(input, threshold_dbfs = -40) {
  const gate = new NoiseGate(RATE);
  gate.threshold_dbfs = threshold_dbfs;
  const output = new Float32Array(input.length);
  for (let at = 0; at < input.length; at += BLOCK) {
    gate.process(input.subarray(at, at + BLOCK), output.subarray(at, at + BLOCK));
  }
  return { gate, output };
}

const part = (sound, from_s, to_s) => sound.subarray(from_s * RATE, to_s * RATE);
const DELAY_S = 0.08;

describe("a noise gate", () => {
  test("makes digital silence of what is quiet", () => {
    const { gate, output } = through(tone(1, -50));
    assert.ok(output.every((sample) => sample === 0));
    assert.ok(!gate.open);
  });

  test("lets through what is loud, unchanged but a little later", () => {
    const input = tone(1, -20);
    const { gate, output } = through(input);
    assert.ok(gate.open);
    const late = part(output, DELAY_S + 0.1, 1);
    const sent = part(input, 0.1, 1 - DELAY_S);
    assert.deepEqual(late, sent);
  });

  test("does not cut the first sound of a word, which is quieter than the rest", () => {
    const { output } = through(joined(tone(1, -90), tone(0.05, -48), tone(0.5, -20)));
    const breath = part(output, 1 + DELAY_S + 0.01, 1 + DELAY_S + 0.05);
    assert.ok(Math.abs(level_dbfs(breath) + 48) < 1, `${level_dbfs(breath)}`);
  });

  test("stays open over the pauses between words, and closes after the last", () => {
    const pause = tone(0.5, -90);
    const word = tone(0.3, -20);
    const { gate, output } = through(joined(word, pause, word, tone(2, -60)));
    const second = part(output, 0.8 + DELAY_S, 1.1 + DELAY_S);
    assert.ok(Math.abs(level_dbfs(second) + 20) < 0.5);
    assert.ok(!gate.open);
    assert.ok(part(output, 2.2, 3).every((sample) => sample === 0));
  });

  test("does not flutter at the threshold", () => {
    const { output } = through(joined(tone(0.2, -38), tone(2, -44), tone(0.2, -38)));
    assert.ok(Math.abs(level_dbfs(part(output, 1, 2.2)) + 44) < 0.5);
  });

  test("opens and closes without a click", () => {
    const { output } = through(joined(tone(0.5, -90), tone(0.3, -10), tone(1.5, -90)));
    const steps = output.subarray(1).map((sample, index) => Math.abs(sample - output[index]));
    const steepest = Math.max(...part(joined(tone(0.3, -10)), 0, 0.3).map(
      (sample, index, whole) => Math.abs(sample - (whole[index - 1] ?? 0)),
    ));
    assert.ok(Math.max(...steps) <= steepest * 1.05);
  });

  test("with a lower threshold hears more", () => {
    assert.ok(through(tone(1, -50), -60).gate.open);
  });
});
