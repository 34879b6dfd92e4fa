import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { RelayClient } from "../../www/relay-client.js";
import { SocketSendingSession } from "../../www/socket-sending-session.js";
import { WINDOW, packHeard, parseSound } from "../../www/sound-frame.js";
import { fakeAudio } from "./fake-audio.js";
import { FakeClock, fakeSockets, list, settled } from "./fakes.js";

const PIECE = 960;

let audio, clock, Sockets, relay, session, changes, frames;

beforeEach(() => {
  audio = fakeAudio();
  clock = new FakeClock();
  frames = [];
  Sockets = class extends fakeSockets() {
    send(data) {
      if (data instanceof ArrayBuffer) frames.push(parseSound(data));
      else super.send(data);
    }
  };
  relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random: () => 1 });
  relay.open();
  opens();
  changes = 0;
  session = new SocketSendingSession({
    relay,
    track: { name: "a microphone" },
    slug: "nursery",
    token: "t1",
    changed: () => (changes += 1),
  });
});

afterEach(() => {
  session.close();
  audio.restore();
});

function opens() {
  Sockets.newest.opens();
  Sockets.newest.hears(list());
}

async function begins() {
  await session.begin({ format: "pcm_24000" });
}

/** The microphone hears so many pieces of 20 ms. */
function hears(pieces) {
  for (let count = 0; count < pieces; count++) audio.nodes[0].says(new Float32Array(PIECE).fill(0.25));
}

function answers(sequence) {
  Sockets.newest.onmessage({ data: packHeard(sequence) });
}

describe("a microphone over the line", () => {
  test("is sent piece by piece, with numbers and times that grow", async () => {
    await begins();
    assert.ok(session.connected);
    assert.ok(session.lasting);
    hears(3);
    assert.deepEqual(
      frames.map(({ sequence, timestamp }) => [sequence, timestamp]),
      [0, 1, 2].map((number) => [number, number * PIECE]),
    );
    assert.equal(frames[2].payload.length, PIECE); // half as many samples of two bytes
  });

  test("loses sound on a slow line instead of sending it late", async () => {
    await begins();
    hears(WINDOW + 30);
    assert.equal(frames.length, WINDOW);
    answers(WINDOW - 1);
    hears(1);
    assert.equal(frames.length, WINDOW + 1);
    assert.equal(frames.at(-1).sequence, WINDOW);
    assert.equal(frames.at(-1).timestamp, (WINDOW + 30) * PIECE);
  });

  test("takes an old answer for what it is", async () => {
    await begins();
    hears(WINDOW);
    answers(20);
    answers(10);
    hears(30);
    assert.equal(frames.length, WINDOW + 21);
  });

  test("says that its line is lost, and goes on with the next without waiting for old answers", async () => {
    await begins();
    hears(WINDOW);
    Sockets.newest.breaks();
    assert.ok(!session.connected);
    hears(5);
    assert.equal(frames.length, WINDOW);
    await clock.pass(3000);
    opens();
    assert.ok(session.connected);
    hears(2);
    assert.equal(frames.length, WINDOW + 2);
  });

  test("may be another microphone's", async () => {
    await begins();
    const [first] = audio.sources;
    await session.replaceTrack({ name: "another" });
    assert.equal(first.to, null);
    assert.equal(audio.sources[1].track.name, "another");
    assert.equal(audio.sources[1].to, audio.nodes[0]);
  });

  test("ends with its sound, whatever is said after that", async () => {
    await begins();
    session.close();
    session.close();
    assert.equal(audio.contexts[0].state, "closed");
    const before = changes;
    Sockets.newest.breaks();
    assert.equal(changes, before);
  });

  test("captures nothing for who left before it began", async () => {
    const beginning = begins();
    session.close();
    await beginning;
    await settled();
    assert.equal(audio.nodes.length, 0);
    assert.ok(!session.lasting);
  });
});
