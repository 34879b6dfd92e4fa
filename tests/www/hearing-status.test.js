import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { judge } from "../../www/hearing-status.js";
import { details, refusal } from "./fakes.js";

const NURSERY = details("stream_a", { name: "Nursery", slug: "nursery" });

describe("judge", () => {
  const facts = {
    wanted: true,
    reachable: true,
    heard: true,
    live: NURSERY,
    succeeded: false,
    silent_ms: 0,
    error: null,
  };
  const failure = refusal("peer_failed");
  for (const [name, difference, phase, reason] of [
    ["nothing is wanted", { wanted: false }, "idle", null],
    ["packets arrive", {}, "hearing", null],
    ["packets arrive though the relay is away", { reachable: false, live: null }, "hearing", null],
    ["packets arrive though the last try failed", { error: failure }, "hearing", null],
    ["the sender went silent", { live: { ...NURSERY, state: "stalled" } }, "lost", "stalled"],
    ["no packets arrive", { silent_ms: 3000 }, "lost", "silent"],
    ["no packets arrive and the try failed", { silent_ms: 3000, error: failure }, "lost", "failed"],
    ["neither packets nor the relay", { silent_ms: 3000, reachable: false }, "lost", "unreachable"],
    ["the stream is gone", { live: null }, "lost", "ended"],
    ["the stream is on its way", { heard: false, silent_ms: Infinity }, "joining", null],
    ["it never was there", { heard: false, silent_ms: Infinity, live: null }, "waiting", "absent"],
    [
      "it never got through",
      { heard: false, silent_ms: Infinity, error: failure },
      "waiting",
      "failed",
    ],
  ]) {
    test(`${name}: ${phase}${reason ? `, ${reason}` : ""}`, () => {
      assert.deepEqual(judge({ ...facts, ...difference }), { phase, reason });
    });
  }
});
