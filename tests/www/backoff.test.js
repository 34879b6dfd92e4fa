import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../www/backoff.js";

test("the delay doubles from try to try up to its longest", () => {
  const backoff = new Backoff({ first_ms: 400, longest_ms: 3000, random: () => 1 });
  const delays = Array.from({ length: 5 }, () => backoff.next_ms());
  assert.deepEqual(delays, [400, 800, 1600, 3000, 3000]);
});

test("chance shortens a delay by up to half, so that pages do not come back in step", () => {
  const backoff = new Backoff({ first_ms: 400, random: () => 0 });
  assert.equal(backoff.next_ms(), 200);
});

test("after a success the delays begin anew", () => {
  const backoff = new Backoff({ first_ms: 400, random: () => 1 });
  backoff.next_ms();
  backoff.next_ms();
  backoff.reset();
  assert.equal(backoff.tries, 0);
  assert.equal(backoff.next_ms(), 400);
});
