import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { SoundOutput } from "../../www/sound-output.js";
import { fakeAudio } from "./fake-audio.js";
import { settled } from "./fakes.js";

const RATE = 24_000;
const PIECE = RATE / 50;

let audio;

afterEach(() => audio.restore());

async function opened(options) {
  audio = fakeAudio(options);
  const output = new SoundOutput(RATE);
  await settled();
  return output;
}

const piece = (level = 0.5) => new Float32Array(PIECE).fill(level);

describe("with a worklet", () => {
  test("pieces are given away to it, and its figures are told", async () => {
    const output = await opened();
    const [node] = audio.nodes;
    assert.match(audio.modules[0], /playout-worklet\.js$/);
    const sound = piece();
    output.play(sound);
    assert.equal(node.port.said[0], sound);
    node.says({ played: 480, madeUp: 3, waited_s: 1.5 });
    assert.equal(output.figures.madeUp, 3);
    assert.equal(node.to.stream, output.media);
  });

  test("another sound is told to it", async () => {
    const output = await opened();
    output.clear();
    assert.deepEqual(audio.nodes[0].port.said, [null]);
  });

  test("none is made for who left while it was on its way", async () => {
    audio = fakeAudio();
    new SoundOutput(RATE).close();
    await settled();
    assert.equal(audio.nodes.length, 0);
  });
});

describe("without one", () => {
  test("pieces are scheduled a little ahead, one after the other without a gap", async () => {
    const output = await opened({ worklets: false });
    for (let number = 0; number < 30; number++) {
      output.play(piece());
      audio.contexts[0].currentTime += 0.02;
    }
    const starts = audio.sources.map(({ startedAt }) => startedAt);
    assert.ok(starts.length >= 25);
    for (const [number, start] of starts.slice(1).entries()) {
      assert.ok(Math.abs(start - starts[number] - 0.02) < 1e-9);
    }
    assert.ok(audio.sources.some(({ samples }) => samples.some((sample) => sample !== 0)));
    assert.equal(output.figures.played > 0, true);
  });

  test("nothing is scheduled before a touch has let it sound", async () => {
    const output = await opened({ worklets: false });
    audio.contexts[0].state = "suspended";
    output.play(piece());
    assert.equal(audio.sources.length, 0);
    audio.touch();
    await settled();
    output.play(piece());
    assert.ok(audio.sources.length > 0);
  });

  test("after a pause it begins anew, and does not play into the past", async () => {
    const output = await opened({ worklets: false });
    output.play(piece());
    audio.contexts[0].currentTime = 10;
    output.play(piece());
    assert.ok(audio.sources.at(-1).startedAt >= 10);
  });
});

test("its delay is that of the browser", async () => {
  const output = await opened();
  assert.ok(Math.abs(output.latency_s - 0.03) < 1e-9);
});

test("once closed it stays silent, and touches do not wake it", async () => {
  const output = await opened();
  output.close();
  output.close();
  audio.touch();
  await settled();
  assert.equal(audio.contexts[0].state, "closed");
});
