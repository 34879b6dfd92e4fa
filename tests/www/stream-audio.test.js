import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Backoff } from "../../www/backoff.js";
import { StreamAudio } from "../../www/stream-audio.js";
import { settled } from "./fakes.js";

const ADDRESS = "http://relay:8081/stream/nursery.mp3";

/** As much of an <audio> element as is used here. */
class FakeAudio extends EventTarget {
  src = "";
  volume = 1;
  ended = false;
  plays = 0;
  refuses = false;

  async play() {
    this.plays += 1;
    if (this.refuses) throw new DOMException("a tap is missing", "NotAllowedError");
  }

  pause() {
    this.tell("pause");
  }

  removeAttribute() {
    this.src = "";
  }

  load() {}

  tell(type) {
    this.dispatchEvent(new Event(type));
  }
}

let element, audio;

beforeEach(() => {
  element = new FakeAudio();
  audio = new StreamAudio(element, new Backoff({ first_ms: 1, longest_ms: 1 }));
});

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("the sound of an address", () => {
  test("is loaded only when it is wanted", async () => {
    assert.equal(audio.state, "paused");
    assert.equal(element.src, "");
    await audio.play(ADDRESS);
    assert.equal(element.src, ADDRESS);
    assert.equal(audio.state, "starting");
    element.tell("playing");
    assert.equal(audio.state, "playing");
  });

  test("is let go of when it is paused", async () => {
    await audio.play(ADDRESS);
    element.tell("playing");
    audio.pause();
    assert.equal(element.src, "");
    assert.equal(audio.state, "paused");
    assert.equal(audio.wanted, false);
  });

  test("is paused when the system pauses it", async () => {
    await audio.play(ADDRESS);
    element.tell("playing");
    element.tell("pause");
    assert.equal(audio.state, "paused");
    assert.equal(element.src, "");
  });

  for (const end of ["ended", "error"]) {
    test(`comes back after "${end}"`, async () => {
      await audio.play(ADDRESS);
      element.tell("playing");
      element.tell(end);
      assert.equal(audio.state, "waiting");
      assert.equal(audio.wanted, true);
      await until(() => element.plays === 2);
      assert.equal(element.src, ADDRESS);
      element.tell("playing");
      assert.equal(audio.state, "playing");
    });
  }

  test("does not come back to who has paused it", async () => {
    await audio.play(ADDRESS);
    element.tell("error");
    audio.pause();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(element.plays, 1);
    assert.equal(audio.state, "paused");
  });

  test("waits for a tap where the browser wants one", async () => {
    element.refuses = true;
    await audio.play(ADDRESS);
    await settled();
    assert.equal(audio.state, "refused");
    assert.equal(audio.wanted, false);
    element.tell("error"); // of what was unloaded
    assert.equal(audio.state, "refused");
  });

  test("tells of every change", async () => {
    const states = [];
    audio.on("state", (state) => states.push(state));
    await audio.play(ADDRESS);
    element.tell("playing");
    element.tell("ended");
    audio.pause();
    assert.deepEqual(states, ["starting", "playing", "waiting", "paused"]);
  });

  test("has a volume where the system allows one", () => {
    assert.equal(audio.setVolume(0.25), true);
    assert.equal(element.volume, 0.25);
    Object.defineProperty(element, "volume", { get: () => 1, set: () => {} });
    assert.equal(audio.setVolume(0.25), false);
  });
});
