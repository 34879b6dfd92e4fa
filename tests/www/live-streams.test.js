import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { LATEST, LiveStreams, addressOf, chooseStream, findStream } from "../../www/live-streams.js";
import { details } from "./fakes.js";

const NURSERY = details("stream_a", { name: "Nursery", slug: "nursery" });
const HALL = details("stream_h", { name: "Hall", slug: "hall" });
const NAMELESS = details("stream_n");

test("of several that fit the newest is found", () => {
  const again = details("stream_b", { name: "Nursery", slug: "nursery" });
  assert.equal(findStream([NURSERY, again, HALL], "nursery"), again);
  assert.equal(findStream([NURSERY, HALL], null), HALL);
  assert.equal(findStream([NURSERY], "garage"), null);
  assert.equal(findStream([], null), null);
});

test("a stream is asked for by its name's address, or else by its id", () => {
  assert.equal(addressOf(NURSERY), "nursery");
  assert.equal(addressOf(NAMELESS), "stream_n");
});

test("a list of ids alone keeps what is known of them", () => {
  const streams = new LiveStreams();
  streams.replace(["stream_a"], [NURSERY]);
  streams.replace(["stream_a", "stream_n"]);
  assert.equal(streams.list[0], NURSERY);
  assert.equal(streams.list[1].name, null);
  streams.replace(["stream_n"]);
  assert.equal(streams.has("stream_a"), false);
});

test("an announcement of a stream that is known already changes nothing", () => {
  const streams = new LiveStreams();
  streams.replace(["stream_a"], [NURSERY]);
  streams.add({ type: "stream_available", stream_id: "stream_a", name: null, slug: null });
  assert.equal(streams.list[0], NURSERY);
});

describe("what is chosen", () => {
  const any = () => true;

  test("under a name is what has it, accepted or not", () => {
    const nothing = () => false;
    assert.equal(chooseStream([NURSERY, NAMELESS], "nursery", null, nothing), NURSERY);
    assert.equal(chooseStream([NAMELESS], "nursery", NURSERY, any), null);
  });

  test("for want of a name is the newest, and stays", () => {
    assert.equal(chooseStream([NURSERY, NAMELESS], null, null, any), NAMELESS);
    assert.equal(chooseStream([NURSERY, NAMELESS], null, NURSERY, any), NURSERY);
    assert.equal(chooseStream([NAMELESS], null, NURSERY, any), NAMELESS);
  });

  test("as the newest changes with every newer one that is accepted", () => {
    assert.equal(chooseStream([NURSERY, NAMELESS], LATEST, NURSERY, any), NAMELESS);
    const named = (stream) => stream.slug !== null;
    assert.equal(chooseStream([NURSERY, NAMELESS], LATEST, NURSERY, named), NURSERY);
    assert.equal(chooseStream([], LATEST, NURSERY, any), null);
  });
});
