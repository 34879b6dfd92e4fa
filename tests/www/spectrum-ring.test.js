import assert from "node:assert/strict";
import { test } from "node:test";

import { heatColour } from "../../www/heat-colours.js";
import { SpectrumRing } from "../../www/spectrum-ring.js";

const bands = (level) => new Array(32).fill(level);

test("the newest spectra are kept, with holes where nothing was heard", () => {
  const ring = new SpectrumRing(1);
  assert.equal(ring.column(0), null);
  for (const timestamp of [100, 100.1, 100.3]) ring.add({ timestamp, bands: bands(-timestamp) });
  assert.equal(ring.newest_s, 100.3);
  assert.ok(Math.abs(ring.column(0)[0] + 100.3) < 1e-4);
  assert.equal(ring.column(1), null);
  assert.ok(Math.abs(ring.column(2)[31] + 100.1) < 1e-4);
});

test("what is older than the ring is long is gone, though its place was not used again", () => {
  const ring = new SpectrumRing(1);
  ring.add({ timestamp: 100, bands: bands(-30) });
  ring.add({ timestamp: 105.5, bands: bands(-40) });
  assert.equal(ring.column(5), null);
  ring.clear();
  assert.equal(ring.newest_s, null);
  assert.equal(ring.column(0), null);
});

test("what is louder is brighter", () => {
  const brightness = (share) => heatColour(share).reduce((sum, part) => sum + part, 0);
  for (let share = 0; share < 1; share += 0.05) {
    assert.ok(brightness(share + 0.05) > brightness(share), `at ${share}`);
  }
  assert.deepEqual(heatColour(-3), heatColour(0));
  assert.deepEqual(heatColour(7), heatColour(1));
});
