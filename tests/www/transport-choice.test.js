import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { TransportChoice, WEBRTC_ONLY } from "../../www/transport-choice.js";

let memory;

beforeEach(() => {
  const kept = new Map();
  memory = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
});

const current = () => new TransportChoice({ memory }).current;

describe("the way of the sound", () => {
  test("is WebRTC first, which needs no word", () => {
    const choice = new TransportChoice({ memory });
    assert.equal(choice.current, "webrtc");
    assert.deepEqual(choice.receiving, {});
    assert.deepEqual(choice.sending, {});
  });

  test("is the line after there was no other, for all pages of the tab", () => {
    const choice = new TransportChoice({ memory });
    assert.equal(choice.fallBack(), true);
    assert.equal(choice.fallBack(), false);
    assert.equal(choice.receiving.transport, "websocket");
    assert.ok(choice.receiving.formats.includes("pcm_24000"));
    choice.renew();
    assert.equal(choice.current, "websocket");
    assert.equal(current(), "websocket");
  });

  test("is tried again in another network", () => {
    const choice = new TransportChoice({ memory });
    choice.fallBack();
    choice.renew({ roamed: true });
    assert.equal(choice.current, "webrtc");
    assert.equal(current(), "webrtc");
  });

  test("is tried again on the next line where it worked before", () => {
    const choice = new TransportChoice({ memory });
    choice.succeed();
    choice.fallBack();
    assert.equal(choice.current, "websocket");
    assert.equal(current(), "webrtc");
    choice.renew();
    assert.equal(choice.current, "webrtc");
  });

  test("is the page's address's to say", () => {
    for (const forced of ["webrtc", "websocket"]) {
      const choice = new TransportChoice({ forced, memory });
      assert.equal(choice.fallBack(), false);
      choice.renew({ roamed: true });
      assert.equal(choice.current, forced);
    }
    assert.equal(new TransportChoice({ forced: "pigeon" }).current, "webrtc");
    assert.equal(WEBRTC_ONLY.current, "webrtc");
  });

  test("is the line where there is no WebRTC at all", () => {
    assert.equal(new TransportChoice({ possible: false }).current, "websocket");
  });
});
