import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Receiver } from "../../www/receiver.js";
import { RelayClient } from "../../www/relay-client.js";
import { Sender } from "../../www/sender.js";
import { TransportChoice } from "../../www/transport-choice.js";
import { FakeClock, details, fakePeers, fakeSockets, list, settled } from "./fakes.js";

const NURSERY = details("stream_a", { name: "Nursery", slug: "nursery" });

let clock, Sockets, Peers, relay, transport;

beforeEach(() => {
  clock = new FakeClock();
  Sockets = fakeSockets();
  Peers = fakePeers();
  transport = new TransportChoice();
  relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random: () => 1 });
});

const options = () => ({ RTCPeerConnection: Peers, clock, random: () => 1, transport });
const ways = (type) => Sockets.newest.said(type).map((message) => message.transport);

function opens() {
  relay.open();
  Sockets.newest.opens();
  Sockets.newest.hears(list(NURSERY));
}

async function passes(duration_ms) {
  for (let rest = duration_ms; rest > 0; rest -= 500) {
    Sockets.newest.hears({ type: "pong", id: 1, timestamp: 1 });
    await clock.pass(Math.min(rest, 500));
  }
}

describe("a receiver whose packets find no way", () => {
  const offered = async () => {
    const offer = { type: "offer", sdp: "offer" };
    Sockets.newest.hears({ type: "webrtc_offer", offer, stream_id: "stream_a", resume_token: "t" });
    await settled();
  };

  beforeEach(async () => {
    new Receiver(relay, options()).follow("nursery");
    opens();
    await offered();
  });

  test("asks for them over the line within three seconds", async () => {
    await passes(2500);
    assert.deepEqual(ways("start_receiving"), [undefined]);
    await passes(500);
    assert.deepEqual(ways("start_receiving"), [undefined, "websocket"]);
    assert.ok(Peers.newest.closed);
  });

  test("is patient where a way was found and only the keys are missing", async () => {
    Peers.newest.iceConnectionState = "connected";
    await passes(5000);
    assert.deepEqual(ways("start_receiving"), [undefined]);
  });

  test("stays with what connected in time, whatever comes later", async () => {
    await passes(2500);
    Peers.newest.becomes("connected");
    Peers.newest.becomes("disconnected");
    await passes(2000);
    assert.deepEqual(ways("start_receiving"), [undefined]);
  });
});

test("a sender whose packets find no way sends over the line, and says what it can", async () => {
  const sender = new Sender(relay, { ...options(), deviceId: "d1" });
  opens();
  sender.start({ name: "Kitchen", muted: false, track: { name: "a microphone" } });
  const ready = { connection_id: "c", resume_token: "t", name: "Kitchen", slug: "kitchen" };
  Sockets.newest.hears({ type: "sender_ready", ...ready });
  await settled();
  await passes(3000);
  assert.deepEqual(ways("start_sending"), [undefined, "websocket"]);
  const { formats, device_id } = Sockets.newest.said("start_sending").at(-1);
  assert.equal(device_id, "d1");
  assert.ok(formats.includes("pcm_24000"));
});

test("frames come and go beside the messages", () => {
  opens();
  const frames = [];
  relay.on("frame", (frame) => frames.push(frame));
  const frame = Uint8Array.of(1, 2, 3).buffer;
  Sockets.newest.onmessage({ data: frame });
  assert.deepEqual(frames, [frame]);
  assert.equal(Sockets.newest.binaryType, "arraybuffer");
});
