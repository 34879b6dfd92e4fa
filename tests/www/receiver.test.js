import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Receiver } from "../../www/receiver.js";
import { RelayClient } from "../../www/relay-client.js";
import { FakeClock, details, fakePeers, fakeSockets, list, refusal, settled } from "./fakes.js";

const NURSERY = details("stream_a", { name: "Nursery", slug: "nursery" });
const AGAIN = details("stream_b", { name: "Nursery", slug: "nursery" });
const HALL = details("stream_h", { name: "Hall", slug: "hall" });

let clock, Sockets, Peers, relay, receiver, phases, media;

beforeEach(() => {
  clock = new FakeClock();
  Sockets = fakeSockets();
  Peers = fakePeers();
  const random = () => 1;
  relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random });
  receiver = new Receiver(relay, {
    RTCPeerConnection: Peers,
    clock,
    random,
    accepts: ({ slug }) => slug !== "own",
  });
  phases = [];
  media = [];
  receiver.on("status", ({ phase, reason }) => phases.push(reason ? `${phase}: ${reason}` : phase));
  receiver.on("media", (stream) => media.push(stream));
  relay.open();
  Sockets.newest.opens();
});

const relaySays = (message) => Sockets.newest.hears(message);
const asked = () => Sockets.newest.said("start_receiving").map(({ stream_id }) => stream_id);

const moves = () => Sockets.newest.said("move_to").map(({ stream_id }) => stream_id);
const moved = (stream_id) => relaySays({ type: "moved", stream_id });
const on = (stream) => relaySays({ type: "stream_available", ...stream });

/** The relay offers, the page answers, the network connects. */
async function connects(streamId, resume_token = "t1") {
  const offer = { type: "offer", sdp: "offer" };
  relaySays({ type: "webrtc_offer", offer, stream_id: streamId, resume_token });
  await settled();
  Peers.newest.becomes("connected");
}

async function hears(stream) {
  relaySays(list(stream));
  receiver.follow(stream.slug);
  await connects(stream.stream_id);
}

/** Time passes in which packets arrive, and the relay answers while there is a line. */
async function flows(seconds) {
  for (let second = 0; second < seconds; second++) {
    relaySays({ type: "pong", id: 1, timestamp: 1 });
    for (const peer of Peers.made) if (!peer.closed) peer.packets += 50;
    await clock.pass(1000);
  }
}

describe("a line with jitter", () => {
  test("is waited for, as long as it lasts", async () => {
    await hears(NURSERY);
    const { receiver: played } = Peers.newest;
    await flows(20);
    assert.equal(played.jitterBufferTarget, null);
    Peers.newest.inbound = { jitter: 0.04 };
    await flows(20);
    assert.equal(played.jitterBufferTarget, 160);
    Peers.newest.inbound = {};
    await flows(20);
    assert.equal(played.jitterBufferTarget, null);
  });
});

describe("joining", () => {
  test("answers the relay's offer at once, without waiting for candidates", async () => {
    relaySays({ ...list(NURSERY), ice_servers: [{ urls: "stun:relay:3478" }] });
    receiver.follow("nursery");
    assert.deepEqual(asked(), ["stream_a"]);
    await connects("stream_a");
    assert.deepEqual(Sockets.newest.said("webrtc_answer"), [
      { type: "webrtc_answer", answer: { type: "answer", sdp: "the page's answer" } },
    ]);
    assert.deepEqual(Peers.newest.configuration.iceServers, [{ urls: "stun:relay:3478" }]);
    assert.deepEqual(phases, ["joining", "hearing"]);
    assert.deepEqual(media, [Peers.newest.media]);
  });

  test("waits for a stream that is not there, and joins it when it comes", () => {
    relaySays(list());
    receiver.follow("nursery");
    assert.deepEqual(receiver.status.reason, "absent");
    relaySays({
      type: "stream_available",
      stream_id: "stream_a",
      name: "Nursery",
      slug: "nursery",
    });
    assert.deepEqual(asked(), ["stream_a"]);
  });

  for (const address of ["stream_a", "nursery", "Nursery"]) {
    test(`finds a stream by ${address}`, () => {
      relaySays(list(NURSERY, HALL));
      receiver.follow(address);
      assert.deepEqual(asked(), ["stream_a"]);
    });
  }

  test("takes the newest acceptable stream for want of a choice, and stays with it", async () => {
    relaySays(list(HALL, NURSERY, details("stream_o", { name: "Own", slug: "own" })));
    receiver.follow(null);
    await connects("stream_a");
    relaySays({ type: "stream_available", stream_id: "stream_n", name: "New", slug: "new" });
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "stopped" });
    assert.deepEqual(asked(), ["stream_a"]);
    assert.equal(receiver.status.phase, "lost");
  });

  test("ignores an offer for a stream that it does not ask for any more", async () => {
    relaySays(list(NURSERY, HALL));
    receiver.follow("nursery");
    receiver.follow("hall");
    relaySays({
      type: "webrtc_offer",
      offer: { type: "offer", sdp: "late" },
      stream_id: "stream_a",
    });
    await settled();
    assert.equal(Peers.made.length, 0);
  });

  test("tries again, with a pause, when the relay says that no sound got through", async () => {
    relaySays(list(NURSERY));
    receiver.follow("nursery");
    relaySays({ type: "webrtc_offer", offer: { type: "offer", sdp: "x" }, stream_id: "stream_a" });
    await settled();
    relaySays(refusal("negotiation_timeout"));
    assert.equal(receiver.status.reason, "failed");
    assert.equal(receiver.status.error.code, "negotiation_timeout");
    assert.equal(Peers.newest.closed, true);
    assert.equal(asked().length, 1);
    await clock.pass(400);
    assert.equal(asked().length, 2);
    await connects("stream_a");
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(receiver.status.error, null);
  });

  test("tries again when the relay never answers", async () => {
    relaySays(list(NURSERY));
    receiver.follow("nursery");
    for (let second = 0; second < 17; second++) {
      await clock.pass(1000);
      relaySays({ type: "pong", id: 1, timestamp: 1 });
    }
    assert.equal(asked().length, 2);
  });

  test("says so when the offer is nonsense", async () => {
    relaySays(list(NURSERY));
    receiver.follow("nursery");
    relaySays({
      type: "webrtc_offer",
      offer: { type: "offer", sdp: "nonsense" },
      stream_id: "stream_a",
    });
    await settled();
    assert.equal(receiver.status.reason, "failed");
  });

  test("takes no refusal of levels for its own", () => {
    relaySays(list(NURSERY));
    receiver.follow("nursery");
    relaySays(refusal("capacity_exceeded", "subscribe_visualization"));
    assert.equal(receiver.status.phase, "joining");
  });
});

describe("hearing", () => {
  test("a room without any sound is heard as long as its packets arrive", async () => {
    await hears(NURSERY);
    await flows(60);
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(asked().length, 1);
  });

  test("tells the browser's statistics once a second", async () => {
    await hears(NURSERY);
    let reports = 0;
    receiver.on("report", () => (reports += 1));
    await flows(5);
    assert.equal(reports, 5);
  });

  test("packets that stop are a loss within 4 s, and the stream is asked for again", async () => {
    await hears(NURSERY);
    await flows(5);
    await clock.pass(4000);
    assert.deepEqual(phases.slice(-2), ["hearing", "lost: silent"]);
    assert.deepEqual(asked(), ["stream_a", "stream_a"]);
    await connects("stream_a");
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(Peers.made[0].closed, true);
  });

  test("a sender that went silent is a loss at once; its packets may come back as they were", async () => {
    await hears(NURSERY);
    await flows(2);
    relaySays({ type: "stream_changed", stream: { ...NURSERY, state: "stalled" } });
    assert.equal(phases.at(-1), "lost: stalled");
    await clock.pass(5000);
    relaySays({ type: "pong", id: 1, timestamp: 1 });
    assert.equal(asked().length, 1);
    await flows(1);
    relaySays({ type: "stream_changed", stream: NURSERY });
    assert.equal(phases.at(-1), "hearing");
    assert.equal(asked().length, 1);
  });

  test("a connection that breaks is made anew at once", async () => {
    await hears(NURSERY);
    Peers.newest.becomes("failed");
    assert.equal(asked().length, 2);
  });

  test("a connection that falters is left alone: most come back by themselves", async () => {
    await hears(NURSERY);
    Peers.newest.becomes("disconnected");
    await flows(1);
    Peers.newest.becomes("connected");
    await flows(3);
    assert.equal(asked().length, 1);
    assert.equal(phases.at(-1), "hearing");
  });
});

describe("staying with the name", () => {
  test("an ended stream is lost, and heard again under the same name over the same connection", async () => {
    await hears(NURSERY);
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "no_media" });
    assert.equal(phases.at(-1), "lost: ended");
    assert.equal(receiver.status.stream.name, "Nursery");
    await clock.pass(5000);
    relaySays({ type: "pong", id: 1, timestamp: 1 });
    on(AGAIN);
    assert.deepEqual(moves(), ["stream_b"]);
    moved("stream_b");
    assert.equal(phases.at(-1), "hearing");
    await flows(3);
    assert.equal(phases.at(-1), "hearing");
    assert.deepEqual(asked(), ["stream_a"]);
    assert.equal(Peers.made.length, 1);
    assert.equal(media.length, 1);
  });

  test("a relay that does not keep connections for the next stream is asked for a new one", async () => {
    await hears(NURSERY);
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "no_media" });
    Peers.newest.becomes("closed");
    on(AGAIN);
    assert.deepEqual(moves(), []);
    assert.deepEqual(asked(), ["stream_a", "stream_b"]);
    await connects("stream_b");
    assert.equal(phases.at(-1), "hearing");
    assert.equal(Peers.made[0].closed, true);
  });

  test("a sender that starts again is never lost in between", async () => {
    await hears(NURSERY);
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "replaced" });
    on(AGAIN);
    moved("stream_b");
    await flows(3);
    assert.ok(!phases.some((phase) => phase.startsWith("lost")), phases.join(", "));
    assert.deepEqual(media, [Peers.made[0].media]);
  });

  test("a successor that does not come is a loss after all", async () => {
    await hears(NURSERY);
    relaySays({ type: "stream_ended", stream_id: "stream_a", reason: "replaced" });
    await clock.pass(4000);
    assert.equal(phases.at(-1), "lost: ended");
  });
});

describe("the move to another stream", () => {
  test("takes one question, and the connection and what plays it stay", async () => {
    await hears(NURSERY);
    relaySays(list(NURSERY, HALL));
    receiver.follow("hall");
    assert.deepEqual(moves(), ["stream_h"]);
    assert.equal(receiver.status.phase, "joining");
    moved("stream_h");
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(receiver.status.stream.slug, "hall");
    await flows(5);
    assert.deepEqual(asked(), ["stream_a"]);
    assert.deepEqual(Sockets.newest.said("stop_stream"), []);
    assert.deepEqual(media, [Peers.newest.media]);
    assert.equal(Peers.newest.closed, false);
  });

  test("goes to what was chosen last, however quick the choices are", async () => {
    await hears(NURSERY);
    relaySays(list(NURSERY, HALL));
    receiver.follow("hall");
    receiver.follow("nursery");
    receiver.follow("hall");
    for (const id of ["stream_h", "stream_a", "stream_h"]) moved(id);
    await flows(2);
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(receiver.status.stream.slug, "hall");
    assert.deepEqual(asked(), ["stream_a"]);
  });

  test("to where it is already asks for nothing", async () => {
    await hears(NURSERY);
    receiver.follow("nursery");
    assert.deepEqual(moves(), []);
    assert.deepEqual(asked(), ["stream_a"]);
    assert.equal(receiver.status.phase, "hearing");
  });

  test("to a stream that is not there ends the sound at once", async () => {
    await hears(NURSERY);
    receiver.follow("attic");
    assert.deepEqual(moves(), []);
    assert.equal(Peers.made[0].closed, true);
    assert.equal(media.at(-1), null);
    assert.equal(receiver.status.reason, "absent");
    assert.equal(Sockets.newest.said("stop_stream").length, 1);
  });

  for (const code of ["stream_not_found", "stream_ended"]) {
    test(`that is too late (${code}) ends what is not wanted any more`, async () => {
      await hears(NURSERY);
      relaySays(list(NURSERY, HALL));
      receiver.follow("hall");
      relaySays(refusal(code, "move_to"));
      assert.equal(Peers.made[0].closed, true);
      assert.equal(media.at(-1), null);
      assert.equal(Sockets.newest.said("stop_stream").length, 1);
      await clock.pass(400);
      assert.deepEqual(asked(), ["stream_a", "stream_h"]);
    });
  }

  for (const code of ["unknown_message", "unexpected_message"]) {
    test(`that the relay refuses (${code}) is done by a new connection`, async () => {
      await hears(NURSERY);
      relaySays(list(NURSERY, HALL));
      receiver.follow("hall");
      relaySays(refusal(code, "move_to"));
      assert.deepEqual(asked(), ["stream_a", "stream_h"]);
      assert.equal(media.at(-1), null);
      await connects("stream_h");
      assert.equal(receiver.status.phase, "hearing");
      assert.equal(receiver.status.error, null);
    });
  }

  test("that nobody answers is done by a new connection", async () => {
    await hears(NURSERY);
    relaySays(list(NURSERY, HALL));
    receiver.follow("hall");
    await flows(3);
    assert.deepEqual(asked(), ["stream_a", "stream_h"]);
    moved("stream_h"); // too late
    await connects("stream_h");
    assert.equal(receiver.status.phase, "hearing");
  });

  test("is not tried where packets are lost on the way", async () => {
    await hears(NURSERY);
    relaySays(list(NURSERY, HALL));
    Peers.newest.becomes("disconnected");
    receiver.follow("hall");
    assert.deepEqual(moves(), []);
    assert.deepEqual(asked(), ["stream_a", "stream_h"]);
  });

  test("leads away from a sender that fell silent", async () => {
    await hears(NURSERY);
    relaySays(list({ ...NURSERY, state: "stalled" }, HALL));
    await clock.pass(5000);
    relaySays({ type: "pong", id: 1, timestamp: 1 });
    receiver.follow("hall");
    assert.deepEqual(moves(), ["stream_h"]);
  });

  test("that brings no packets is no move: a new connection is made", async () => {
    await hears(NURSERY);
    relaySays(list(NURSERY, HALL));
    receiver.follow("hall");
    moved("stream_h");
    await clock.pass(4000);
    assert.deepEqual(asked(), ["stream_a", "stream_h"]);
  });

  test("that a lost line leaves unanswered ends what is not wanted any more", async () => {
    await hears(NURSERY);
    relaySays(list(NURSERY, HALL));
    receiver.follow("hall");
    Sockets.newest.breaks();
    assert.equal(Peers.made[0].closed, true);
    assert.equal(media.at(-1), null);
    await clock.pass(400);
    Sockets.newest.opens();
    relaySays(list(NURSERY, HALL));
    assert.deepEqual(Sockets.newest.words.includes("resume"), false);
    assert.deepEqual(asked(), ["stream_h"]);
  });

  test("that was made while the line was lost is taken note of", async () => {
    await hears(NURSERY);
    on(AGAIN);
    Sockets.newest.breaks();
    await flows(1);
    Sockets.newest.opens();
    relaySays({ type: "resumed", stream_id: "stream_b", resume_token: "t2" });
    relaySays(list(AGAIN));
    await flows(2);
    assert.deepEqual(moves(), []);
    assert.equal(receiver.status.phase, "hearing");
  });

  test("follows the newest stream, if that is what is wanted, and back again", async () => {
    relaySays(list(NURSERY));
    receiver.follow("latest");
    await connects("stream_a");
    on(HALL);
    assert.deepEqual(moves(), ["stream_h"]);
    moved("stream_h");
    assert.equal(receiver.status.stream.slug, "hall");
    relaySays({ type: "stream_available", stream_id: "stream_o", name: "Own", slug: "own" });
    assert.deepEqual(moves(), ["stream_h"], "that one is not accepted");
    relaySays({ type: "stream_ended", stream_id: "stream_h", reason: "stopped" });
    assert.deepEqual(moves(), ["stream_h", "stream_a"]);
    moved("stream_a");
    await flows(2);
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(Peers.made.length, 1);
  });
});

describe("the line to the relay", () => {
  test("when it is lost the sound goes on", async () => {
    await hears(NURSERY);
    await flows(2);
    Sockets.newest.breaks();
    await flows(3);
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(Peers.made[0].closed, false);
  });

  test("when it is back the same connection goes on with it", async () => {
    await hears(NURSERY);
    Sockets.newest.breaks();
    await flows(1);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.sent[0], { type: "resume", token: "t1" });
    relaySays(list(NURSERY));
    relaySays({ type: "resumed", stream_id: "stream_a", resume_token: "t2" });
    relaySays(list(NURSERY));
    await flows(10);
    assert.deepEqual(asked(), []);
    assert.equal(Peers.made.length, 1);
    assert.deepEqual([...new Set(phases)], ["joining", "hearing"]);
    assert.equal(media.length, 1);
  });

  test("the next loss is resumed with the newest token", async () => {
    await hears(NURSERY);
    for (const token of ["t1", "t2", "t3"]) {
      Sockets.newest.breaks();
      await flows(2);
      Sockets.newest.opens();
      assert.deepEqual(Sockets.newest.said("resume"), [{ type: "resume", token }]);
      const resume_token = `t${Number(token[1]) + 1}`;
      relaySays({ type: "resumed", stream_id: "stream_a", resume_token });
    }
  });

  test("a connection that is still on its way is resumed too", async () => {
    relaySays(list(NURSERY));
    receiver.follow("nursery");
    const offer = { type: "offer", sdp: "x" };
    relaySays({ type: "webrtc_offer", offer, stream_id: "stream_a", resume_token: "t1" });
    await settled();
    Sockets.newest.breaks();
    await clock.pass(400);
    Sockets.newest.opens();
    relaySays({ type: "resumed", stream_id: "stream_a", resume_token: "t2" });
    relaySays(list(NURSERY));
    Peers.newest.becomes("connected");
    assert.equal(receiver.status.phase, "hearing");
    assert.equal(Peers.made.length, 1);
    assert.deepEqual(asked(), []);
  });

  test("a connection that broke meanwhile is not resumed", async () => {
    await hears(NURSERY);
    Sockets.newest.breaks();
    Peers.newest.becomes("failed");
    await clock.pass(400);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), []);
    relaySays(list(NURSERY));
    assert.deepEqual(asked(), ["stream_a"]);
  });

  test("a resumed connection without packets is made anew", async () => {
    await hears(NURSERY);
    Sockets.newest.breaks();
    await clock.pass(4000);
    Sockets.newest.opens();
    relaySays({ type: "resumed", stream_id: "stream_a", resume_token: "t2" });
    relaySays(list(NURSERY));
    await settled();
    assert.deepEqual(asked(), ["stream_a"]);
  });

  test("who chooses another stream meanwhile does not hear the old one again", async () => {
    await hears(NURSERY);
    Sockets.newest.breaks();
    await flows(1);
    Sockets.newest.opens();
    receiver.follow("hall");
    relaySays({ type: "resumed", stream_id: "stream_a", resume_token: "t2" });
    relaySays(list(NURSERY, HALL));
    assert.deepEqual(asked(), ["stream_h"]);
    assert.equal(Sockets.newest.said("stop_stream").length, 1);
  });

  test("in another network a new connection takes over once it stands", async () => {
    await hears(NURSERY);
    relay.roam();
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), []);
    relaySays(list(NURSERY));
    assert.equal(Peers.made[0].closed, false);
    await connects("stream_a");
    assert.equal(Peers.made[0].closed, true);
    assert.deepEqual([...new Set(phases)], ["joining", "hearing"]);
  });

  test("is doubted when the connection falters", async () => {
    await hears(NURSERY);
    const before = Sockets.newest.said("ping").length;
    Peers.newest.becomes("disconnected");
    assert.equal(Sockets.newest.said("ping").length, before + 1);
  });

  test("when nothing can be resumed a new connection takes over only once it stands", async () => {
    await hears(NURSERY);
    Sockets.newest.breaks();
    await flows(1);
    Sockets.newest.opens();
    relaySays(refusal("session_gone", "resume"));
    relaySays(list(NURSERY));
    await settled();
    assert.deepEqual(asked(), ["stream_a"]);
    relaySays({ type: "webrtc_offer", offer: { type: "offer", sdp: "x" }, stream_id: "stream_a" });
    await settled();
    assert.equal(Peers.made[0].closed, false);
    assert.equal(media.length, 1);
    Peers.newest.becomes("connected");
    assert.equal(Peers.made[0].closed, true);
    assert.deepEqual(media.at(-1), Peers.newest.media);
    assert.ok(!phases.some((phase) => phase.startsWith("lost")), phases.join(", "));
  });

  test("a relay that is gone with the sound is a loss within 4 s", async () => {
    await hears(NURSERY);
    Sockets.newest.breaks();
    await clock.pass(4000);
    assert.equal(phases.at(-1), "lost: unreachable");
  });

  test("a relay that was never reached is waited for", async () => {
    Sockets.newest.breaks();
    receiver.follow("nursery");
    assert.deepEqual(phases, ["waiting: unreachable"]);
  });

  test("an offer of a lost line is not answered on the next one", async () => {
    relaySays(list(NURSERY));
    receiver.follow("nursery");
    relaySays({ type: "webrtc_offer", offer: { type: "offer", sdp: "x" }, stream_id: "stream_a" });
    Sockets.newest.breaks();
    await clock.pass(400);
    Sockets.newest.opens();
    await settled();
    assert.deepEqual(Sockets.newest.said("webrtc_answer"), []);
    assert.equal(Peers.made[0].closed, true);
  });
});

describe("leaving", () => {
  test("ends the sound, tells the relay, and leaves no timer behind", async () => {
    await hears(NURSERY);
    receiver.stop();
    receiver.stop();
    assert.equal(Peers.newest.closed, true);
    assert.equal(Sockets.newest.said("stop_stream").length, 1);
    assert.equal(receiver.status.phase, "idle");
    relay.close();
    await clock.pass(60_000);
    assert.equal(clock.waiting, 0);
    assert.equal(asked().length, 1);
  });

  test("retry does not wait for the pause", async () => {
    relaySays(list(NURSERY));
    receiver.follow("nursery");
    relaySays(refusal("peer_failed"));
    receiver.retry();
    assert.equal(asked().length, 2);
  });
});
