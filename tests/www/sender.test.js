import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { RelayClient } from "../../www/relay-client.js";
import { Sender } from "../../www/sender.js";
import { FakeClock, details, fakePeers, fakeSockets, list, refusal, settled } from "./fakes.js";

const TRACK = { name: "a microphone" };
const NURSERY = { name: "Nursery", slug: "nursery" };

let clock, Sockets, Peers, relay, sender, phases;

beforeEach(() => {
  clock = new FakeClock();
  Sockets = fakeSockets();
  Peers = fakePeers();
  const random = () => 1;
  relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random });
  sender = new Sender(relay, { deviceId: "d1", RTCPeerConnection: Peers, clock, random });
  phases = [];
  sender.on("status", ({ phase }) => phases.at(-1) !== phase && phases.push(phase));
  relay.open();
  Sockets.newest.opens();
  Sockets.newest.hears(list());
});

const relaySays = (message) => Sockets.newest.hears(message);
const started = () => Sockets.newest.said("start_sending");

function start(wish = {}) {
  sender.start({ name: "Nursery", muted: false, track: TRACK, ...wish });
}

/** The relay agrees, both exchange descriptions, the network connects. */
async function negotiates() {
  relaySays({ type: "sender_ready", connection_id: "c", resume_token: "t1", ...NURSERY });
  await settled();
  relaySays({ type: "webrtc_answer", answer: { type: "answer", sdp: "answer" } });
  await settled();
  Peers.newest.becomes("connected");
}

async function goesLive(stream_id = "stream_a") {
  await negotiates();
  relaySays({ type: "stream_available", stream_id, ...NURSERY });
  relaySays(list(details(stream_id, { ...NURSERY, receivers: 2, listeners: 1 })));
}

/** Time passes on a line that the relay keeps answering. */
async function passes(duration_ms) {
  for (let rest = duration_ms; rest > 0; rest -= 1000) {
    relaySays({ type: "pong", id: 1, timestamp: 1 });
    await clock.pass(Math.min(rest, 1000));
  }
}

describe("starting", () => {
  test("tells name, device and whether it is muted, and offers at once", async () => {
    start({ muted: true });
    assert.deepEqual(started(), [
      { type: "start_sending", name: "Nursery", device_id: "d1", muted: true },
    ]);
    await goesLive();
    assert.deepEqual(Sockets.newest.said("webrtc_offer"), [
      { type: "webrtc_offer", offer: { type: "offer", sdp: "the page's offer" } },
    ]);
    assert.equal(Peers.newest.direction, "sendonly");
    assert.equal(Peers.newest.track, TRACK);
    assert.deepEqual(phases, ["connecting", "live"]);
  });

  test("knows its own stream by its address, and so who hears it", async () => {
    start();
    await goesLive();
    const { stream, slug } = sender.status;
    assert.equal(slug, "nursery");
    assert.deepEqual([stream.receivers, stream.listeners], [2, 1]);
    relaySays({ type: "stream_available", stream_id: "stream_x", name: "Hall", slug: "hall" });
    assert.equal(sender.status.stream.stream_id, "stream_a");
  });

  test("takes no other stream for its own, though that is announced first", async () => {
    start();
    await negotiates();
    relaySays({ type: "stream_available", stream_id: "stream_x", name: "Hall", slug: "hall" });
    assert.equal(sender.status.stream, null);
    relaySays({ type: "stream_available", stream_id: "stream_a", ...NURSERY });
    assert.equal(sender.status.stream.stream_id, "stream_a");
  });

  test("waits for the line if there is none yet", async () => {
    Sockets.newest.breaks();
    start();
    assert.equal(sender.status.phase, "connecting");
    await clock.pass(400);
    Sockets.newest.opens();
    assert.equal(started().length, 1);
  });

  for (const code of ["name_taken", "bad_name", "no_opus"]) {
    test(`${code} is for the person to decide: it is not tried again`, async () => {
      start();
      relaySays(refusal(code, "start_sending"));
      assert.equal(sender.status.phase, "refused");
      assert.equal(sender.status.error.code, code);
      await passes(30_000);
      assert.equal(started().length, 1);
    });
  }

  test("a start after a refusal is a new one", async () => {
    start();
    relaySays(refusal("name_taken", "start_sending"));
    start({ name: "Hall" });
    assert.equal(sender.status.error, null);
    assert.equal(started().at(-1).name, "Hall");
  });

  test("media that does not get through is tried again, with the relay's words", async () => {
    start();
    relaySays({ type: "sender_ready", connection_id: "c", ...NURSERY });
    await settled();
    relaySays(refusal("negotiation_timeout"));
    assert.equal(sender.status.phase, "connecting");
    assert.equal(sender.status.error.code, "negotiation_timeout");
    assert.equal(Peers.newest.closed, true);
    await clock.pass(400);
    assert.equal(started().length, 2);
  });

  test("a relay that never answers is asked again", async () => {
    start();
    await passes(17_000);
    assert.equal(started().length, 2);
  });
});

describe("while it is live", () => {
  beforeEach(async () => {
    start();
    await goesLive();
  });

  test("muting is told once", () => {
    sender.setMuted(true);
    sender.setMuted(true);
    sender.setMuted(false);
    assert.deepEqual(
      Sockets.newest.said("set_muted").map(({ muted }) => muted),
      [true, false],
    );
  });

  test("a gate is told, and told again with what changes beside it", () => {
    sender.setMuted(false, true);
    sender.setMuted(false, true);
    sender.setMuted(true);
    assert.deepEqual(
      Sockets.newest.said("set_muted").map(({ muted, gated }) => [muted, gated]),
      [
        [false, true],
        [true, true],
      ],
    );
  });

  test("another microphone takes the place of the first within the same stream", async () => {
    const other = { name: "another" };
    await sender.replaceTrack(other);
    assert.equal(Peers.newest.track, other);
    assert.equal(started().length, 1);
  });

  test("stop ends everything and leaves no timer behind", async () => {
    sender.stop();
    sender.stop();
    assert.equal(Peers.newest.closed, true);
    assert.equal(Sockets.newest.said("stop_stream").length, 1);
    assert.equal(sender.status.phase, "idle");
    relay.close();
    await clock.pass(60_000);
    assert.equal(clock.waiting, 0);
  });

  test("a connection that falters shortly is left alone", async () => {
    Peers.newest.becomes("disconnected");
    assert.equal(phases.at(-1), "lost");
    await passes(2000);
    Peers.newest.becomes("connected");
    await passes(10_000);
    assert.equal(phases.at(-1), "live");
    assert.equal(started().length, 1);
  });

  test("a connection that stays away is made anew", async () => {
    Peers.newest.becomes("disconnected");
    await passes(3400);
    assert.equal(started().length, 2);
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "replaced" });
    await goesLive("stream_b");
    assert.equal(phases.at(-1), "live");
    assert.equal(sender.status.stream.stream_id, "stream_b");
  });

  test("a connection that failed is made anew at once", () => {
    Peers.newest.becomes("failed");
    assert.equal(started().length, 2);
  });

  test("a new connection that goes on with the same stream knows it without news", async () => {
    Peers.newest.becomes("failed");
    await negotiates();
    assert.equal(phases.at(-1), "live");
    assert.equal(sender.status.stream.stream_id, "stream_a");
  });

  test("another page of the same device takes over for good: nobody fights for a name", async () => {
    relaySays(refusal("replaced"));
    assert.equal(sender.status.phase, "refused");
    assert.equal(sender.status.error.code, "replaced");
    assert.equal(Peers.newest.closed, true);
    await passes(30_000);
    assert.equal(started().length, 1);
  });

  test("in another network a new connection takes over once it stands", async () => {
    relay.roam();
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), []);
    relaySays(list(details("stream_a", NURSERY)));
    assert.equal(started().length, 1);
    assert.equal(Peers.made[0].closed, false);
    await negotiates();
    assert.equal(Peers.made[0].closed, false, "its goodbye would end the stream");
    await passes(1000);
    assert.equal(Peers.made[0].closed, true);
    assert.deepEqual(phases, ["connecting", "live"]);
    assert.equal(sender.status.stream.stream_id, "stream_a");
  });

  test("a stream that the relay ended is begun again", async () => {
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "no_media" });
    assert.equal(phases.at(-1), "lost");
    await clock.pass(400);
    assert.equal(started().length, 2);
  });

  test("the end of another stream is none of its business", () => {
    relaySays({ type: "stream_ended", stream_id: "stream_x", reason: "replaced" });
    assert.equal(sender.status.phase, "live");
  });

  test("a new name begins a new stream under it", async () => {
    start({ name: "Hall" });
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "replaced" });
    assert.equal(started().at(-1).name, "Hall");
    assert.notEqual(sender.status.phase, "refused");
  });
});

describe("the line to the relay", () => {
  beforeEach(async () => {
    start();
    await goesLive();
    Sockets.newest.breaks();
  });

  test("when it is lost the media goes on", async () => {
    assert.equal(sender.status.phase, "live");
    assert.equal(Peers.newest.closed, false);
  });

  test("when it is back the same connection goes on with it", async () => {
    sender.setMuted(true);
    await clock.pass(400);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.sent[0], { type: "resume", token: "t1" });
    relaySays({ type: "resumed", stream_id: "stream_a", resume_token: "t2" });
    relaySays(list(details("stream_a", NURSERY)));
    assert.deepEqual(Sockets.newest.said("set_muted"), [{ type: "set_muted", muted: true }]);
    assert.deepEqual(started(), []);
    assert.equal(Peers.made.length, 1);
    assert.deepEqual(phases, ["connecting", "live"]);
    Sockets.newest.breaks();
    await clock.pass(2000);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), [{ type: "resume", token: "t2" }]);
  });

  test("a connection that stayed away meanwhile is not resumed", async () => {
    Peers.newest.becomes("disconnected");
    await clock.pass(3000);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), []);
    assert.equal(started().length, 1);
  });

  test("a connection that came back before the line is resumed", async () => {
    Peers.newest.becomes("disconnected");
    await clock.pass(4000);
    Peers.newest.becomes("connected");
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), [{ type: "resume", token: "t1" }]);
  });

  test("a name that was changed meanwhile is not resumed under the old one", async () => {
    start({ name: "Hall" });
    assert.equal(Peers.made[0].closed, false);
    await clock.pass(400);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), []);
    assert.equal(started().at(-1).name, "Hall");
  });

  test("who stopped meanwhile does not go on", async () => {
    sender.stop();
    await clock.pass(400);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), []);
    assert.deepEqual(started(), []);
  });

  test("when nothing can be resumed a new connection takes over only once it stands", async () => {
    sender.setMuted(true);
    await clock.pass(400);
    Sockets.newest.opens();
    relaySays(refusal("session_gone", "resume"));
    relaySays(list());
    assert.deepEqual(started(), [
      { type: "start_sending", name: "Nursery", device_id: "d1", muted: true },
    ]);
    relaySays({ type: "sender_ready", connection_id: "c", ...NURSERY });
    await settled();
    assert.equal(Peers.made[0].closed, false);
    relaySays({ type: "webrtc_answer", answer: { type: "answer", sdp: "answer" } });
    await settled();
    Peers.newest.becomes("connected");
    assert.equal(Peers.made[0].closed, false, "its goodbye would end the stream");
    await passes(1000);
    assert.equal(Peers.made[0].closed, true);
    relaySays({ type: "stream_available", stream_id: "stream_b", ...NURSERY });
    assert.deepEqual(phases, ["connecting", "live"]);
    assert.equal(sender.status.stream.stream_id, "stream_b");
  });
});
