import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { PastPlayer, RATE } from "../../www/past-player.js";
import { behindText } from "../../www/text.js";

/** An <audio> element that plays when time is let pass. */
class FakeAudio extends EventTarget {
  src = "";
  currentTime = 0;
  playbackRate = 1;
  volume = 1;
  loads = 0;
  async play() {}
  pause() {}
  load() {
    this.loads += 1;
    this.currentTime = 0;
  }
  removeAttribute() {
    this.src = "";
  }
}

let now, audio, past, told;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval"] });
  now = 0;
  audio = new FakeAudio();
  past = new PastPlayer(audio, () => now);
  told = [];
  past.on("position", (behind_s) => told.push(behind_s));
});

/** @param {number} seconds of which the element plays as much as it is told to */
function listen(seconds) {
  for (let step = 0; step < seconds * 4 && past.address !== null; step++) {
    now += 250;
    audio.currentTime += 0.25 * audio.playbackRate;
    mock.timers.tick(250);
  }
}

describe("the past", () => {
  test("is asked for by how long ago it was", () => {
    past.play("nursery", 30);
    assert.equal(audio.src, "stream/nursery.mp3?back=30&bitrate=320");
    assert.equal(past.behind_s, 30);
    assert.equal(past.address, "nursery");
  });

  test("is heard faster than it was, and over when it has caught up", () => {
    past.play("nursery", 10);
    listen(20);
    assert.equal(Math.round(past.behind_s), Math.round(10 - 20 * (RATE - 1)));
    listen(60);
    assert.equal(past.address, null);
    assert.equal(told.at(-1), null);
    assert.equal(audio.src, "");
    assert.equal(audio.loads, 1);
  });

  test("begins later where less of it was kept", () => {
    past.play("nursery", 120);
    past.limit(40);
    assert.equal(past.behind_s, 40);
    past.limit(300);
    assert.equal(past.behind_s, 40);
  });

  test("is over when it runs out near to what is live, but not while it begins", () => {
    past.play("nursery", 4);
    audio.dispatchEvent(new Event("waiting"));
    assert.equal(past.address, "nursery");
    listen(1);
    audio.dispatchEvent(new Event("waiting"));
    assert.equal(past.address, null);
  });

  for (const event of ["ended", "error"]) {
    test(`is over with the sound (${event})`, () => {
      past.play("nursery", 30);
      audio.dispatchEvent(new Event(event));
      past.stop();
      assert.deepEqual(told.slice(1), [null]);
    });
  }
});

test("how far behind it is stands in minutes and seconds", () => {
  assert.equal(behindText(119.7), "2:00 ago, catching up");
  assert.equal(behindText(7), "0:07 ago, catching up");
});
