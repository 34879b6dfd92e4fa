import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { entryText, findEntry } from "../../www/player-text.js";

const entry = (name, state = "live") => ({
  name,
  slug: name?.toLowerCase() ?? null,
  stream_id: state === "silent" ? null : `stream_${name ?? "0b7c"}`,
  state,
});
const STREAMS = [entry("Nursery"), entry(null), entry("Porch", "stalled"), entry("Attic", "silent")];

describe("who is heard under an address", () => {
  for (const [address, place] of [
    ["nursery", 0],
    ["Nursery", 0],
    ["stream_0b7c", 1],
    ["attic", 3],
    ["latest", 2],
  ]) {
    test(address, () => assert.equal(findEntry(STREAMS, address), STREAMS[place]));
  }

  test("nobody", () => {
    assert.equal(findEntry(STREAMS, "cellar"), null);
    assert.equal(findEntry([STREAMS[3]], "latest"), null);
  });
});

describe("what is said about it", () => {
  for (const [who, address, state, chip, headline] of [
    [STREAMS[0], "nursery", "live", "Live", "Nursery"],
    [STREAMS[2], "porch", "stalled", "Lost", "Porch"],
    [STREAMS[3], "attic", "idle", "Silent", "Attic"],
    [STREAMS[1], "stream_0b7c", "live", "Live", "Unnamed 0b7c"],
    [null, "living-room", "idle", "Silent", "Living room"],
    [null, "stream_0b7c", "idle", "Over", "Unnamed 0b7c"],
    [null, "latest", "idle", "Silent", "Whatever is newest"],
  ]) {
    test(`${headline} is ${state}`, () => {
      const text = entryText(who, address);
      assert.deepEqual([text.state, text.chip, text.headline], [state, chip, headline]);
      assert.ok(text.explanation.endsWith("."));
    });
  }
});
