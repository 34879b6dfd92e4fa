import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { GatedTrack } from "../../www/gated-track.js";
import { fakeAudio } from "./fake-audio.js";
import { FakeClock } from "./fakes.js";

const clock = new FakeClock();
let audio;

afterEach(() => audio.restore());

function gated(options) {
  audio = fakeAudio(options);
  return new GatedTrack(-45, clock);
}

test("each microphone takes the place of the one before, and comes out as the same track", async () => {
  const gate = gated();
  const out = await gate.follow({ name: "first" });
  assert.equal(await gate.follow({ name: "second" }), out);
  const [first, second] = audio.sources;
  assert.equal(first.to, null);
  assert.equal(second.to, audio.nodes[0]);
  assert.equal(second.track.name, "second");
});

test("the gate is told its threshold, at first and later, and tells whether it is open", async () => {
  const gate = gated();
  await gate.follow({ name: "a microphone" });
  gate.threshold_dbfs = -30;
  await Promise.resolve();
  assert.deepEqual(audio.nodes[0].port.said, [-45, -30]);
  const told = [];
  gate.on("open", (open) => told.push(open));
  audio.nodes[0].says(true);
  assert.deepEqual(told, [true]);
});

test("a browser without worklets refuses, instead of sending nothing", async () => {
  await assert.rejects(gated({ worklets: false }).follow({ name: "a microphone" }));
});

test("a browser whose sound stands still refuses too, instead of holding everything back", async () => {
  const following = assert.rejects(gated({ sounds: false }).follow({ name: "a microphone" }));
  await clock.pass(5000);
  await following;
});

test("closed it gives the sound of the system back", async () => {
  const gate = gated();
  gate.close();
  gate.close();
  assert.equal(audio.contexts[0].state, "closed");
});
