import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { RelayClient } from "../../www/relay-client.js";
import { SocketReceivingSession } from "../../www/socket-receiving-session.js";
import { packSound, parseHeard } from "../../www/sound-frame.js";
import { fakeAudio } from "./fake-audio.js";
import { FakeClock, fakeSockets, list, settled } from "./fakes.js";

const FRAME = 960;
const PAYLOAD = new Uint8Array(FRAME);

let audio, clock, Sockets, relay, session, answered;

beforeEach(async () => {
  audio = fakeAudio();
  clock = new FakeClock();
  answered = [];
  Sockets = class extends fakeSockets() {
    send(data) {
      if (data instanceof ArrayBuffer) answered.push(parseHeard(data));
      else super.send(data);
    }
  };
  relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random: () => 1 });
  relay.open();
  Sockets.newest.opens();
  Sockets.newest.hears(list());
  session = new SocketReceivingSession({
    relay,
    clock,
    streamId: "stream_a",
    line: 1,
    token: "t1",
    changed: () => {},
  });
  await session.begin({ format: "pcm_24000" });
  await settled();
});

afterEach(() => {
  session.close();
  audio.restore();
});

/** The relay sends a frame. */
function sends(number, { epoch = 0, timestamp = number * FRAME, captured_s = number * 0.02 } = {}) {
  const data = packSound(number, timestamp, PAYLOAD);
  const view = new DataView(data);
  view.setUint8(1, epoch);
  view.setFloat64(8, captured_s);
  Sockets.newest.onmessage({ data });
}

const played = () => audio.nodes[0].port.said;

async function figures() {
  const { inbound, remote } = Object.fromEntries(await session.look());
  return { ...inbound, ...remote };
}

describe("a stream over the line", () => {
  test("is played frame by frame, and every tenth is answered", () => {
    for (let number = 0; number < 21; number++) sends(number);
    assert.equal(played().length, 21);
    assert.equal(played()[0].length, FRAME / 2);
    assert.deepEqual(answered, [0, 10, 20]);
  });

  test("counts what is missing, though it has no number", async () => {
    for (const number of [0, 1, 2, 5, 6]) sends(number);
    const { packetsReceived, packetsLost, bytesReceived } = await figures();
    assert.deepEqual([packetsReceived, packetsLost, bytesReceived], [5, 2, 5 * FRAME]);
  });

  test("takes a leap for a new beginning, not for a loss", async () => {
    sends(0);
    sends(1, { timestamp: 100 * FRAME });
    assert.equal((await figures()).packetsLost, 0);
  });

  test("begins anew with another timeline: what waits to be played is of the old one", async () => {
    sends(0);
    sends(0, { epoch: 1, timestamp: 7 });
    assert.equal(played()[1], null);
    assert.equal(played().length, 3);
    assert.equal((await figures()).packetsLost, 0);
  });

  test("is silent as long as no frame comes, and says for how long", async () => {
    sends(0);
    await clock.pass(700);
    assert.equal(session.silent_ms, 700);
    assert.ok(session.hears(true));
    await clock.pass(20_000);
    assert.ok(!session.hears(true));
    assert.ok(session.hears(false), "nothing is sent that could be missed");
    sends(1);
    assert.equal(session.silent_ms, 0);
  });

  test("may be moved to another stream while it is heard, and is given a moment there", async () => {
    sends(0);
    assert.ok(session.mayMove(true));
    await clock.pass(20_000);
    assert.ok(!session.mayMove(true));
    session.moved("stream_b");
    assert.equal(session.streamId, "stream_b");
    assert.ok(session.mayMove(true));
    session.fixed = true;
    assert.ok(!session.mayMove(true));
  });

  test("ignores what is no sound", () => {
    Sockets.newest.onmessage({ data: new ArrayBuffer(3) });
    assert.equal(played().length, 0);
  });

  test("ends with its sound: frames that still come are not played", () => {
    session.close();
    session.close();
    sends(0);
    assert.equal(played().length, 0);
    assert.equal(audio.contexts[0].state, "closed");
  });
});
