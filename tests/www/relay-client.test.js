import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { RelayClient, socketAddress } from "../../www/relay-client.js";
import { FakeClock, details, fakeSockets, list, refusal } from "./fakes.js";

describe("the address of the socket", () => {
  for (const [page, socket] of [
    ["http://192.168.1.5:8080/", "ws://192.168.1.5:8080/ws"],
    ["http://relay.local:8080/listen.html?stream=nursery#now", "ws://relay.local:8080/ws"],
    ["https://relay.local:8443/send.html", "wss://relay.local:8443/ws"],
    [
      "https://home.example/api/hassio_ingress/aB3_-x/talk.html",
      "wss://home.example/api/hassio_ingress/aB3_-x/ws",
    ],
  ]) {
    test(`lies beside the page ${page}`, () => assert.equal(socketAddress(page), socket));
  }
});

describe("the line", () => {
  let clock, Sockets, relay, states;

  beforeEach(() => {
    clock = new FakeClock();
    Sockets = fakeSockets();
    relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random: () => 1 });
    states = [];
    relay.on("state", (state) => states.push(state));
    relay.open();
  });

  const opened = () => {
    Sockets.newest.opens();
    return Sockets.newest;
  };

  test("asks for the details of all streams before anybody else speaks", () => {
    relay.on("state", () => relay.send({ type: "stop_stream" }));
    opened();
    assert.equal(Sockets.newest.url, "ws://relay/ws");
    assert.deepEqual(Sockets.newest.sent[0], { type: "get_available_streams", details: true });
    assert.deepEqual(states, ["connecting", "open"]);
  });

  test("comes back by itself after a loss, later and later while the relay is away", async () => {
    opened().breaks();
    assert.equal(relay.state, "waiting");
    await clock.pass(400);
    assert.equal(Sockets.made.length, 2);
    Sockets.newest.breaks();
    await clock.pass(799);
    assert.equal(Sockets.made.length, 2);
    await clock.pass(1);
    assert.equal(Sockets.made.length, 3);
    opened();
    assert.equal(relay.state, "open");
  });

  test("grows no quicker by a relay that takes it and drops it at once", async () => {
    opened().breaks();
    await clock.pass(400);
    opened().breaks();
    await clock.pass(799);
    assert.equal(Sockets.made.length, 2);
    await clock.pass(1);
    assert.equal(Sockets.made.length, 3);
  });

  test("never waits longer than two seconds from one try to the next", async () => {
    for (let loss = 0; loss < 9; loss++) {
      Sockets.newest.breaks();
      await clock.pass(2000);
    }
    assert.equal(Sockets.made.length, 10);
  });

  test("is quick again after a line that held for a while", async () => {
    for (let loss = 0; loss < 4; loss++) {
      Sockets.newest.breaks();
      await clock.pass(2000);
    }
    const socket = opened();
    await clock.pass(4999);
    socket.hears({ type: "pong", id: 1, timestamp: 1 });
    await clock.pass(1);
    socket.breaks();
    const before = Sockets.made.length;
    await clock.pass(400);
    assert.equal(Sockets.made.length, before + 1);
  });

  test("is given up when the relay says nothing for 9 s, not even to a ping", async () => {
    const socket = opened();
    const before = socket.said("ping").length;
    await clock.pass(5000);
    assert.equal(socket.said("ping").length, before + 1);
    await clock.pass(3999);
    assert.equal(relay.state, "open");
    await clock.pass(1);
    assert.equal(relay.state, "waiting");
    assert.equal(socket.closedWith, 4000, "which the relay takes for no goodbye");
  });

  test("stays while the relay answers its pings", async () => {
    const socket = opened();
    for (let round = 0; round < 5; round++) {
      await clock.pass(6000);
      socket.hears({ type: "pong", id: 1, timestamp: 1 });
    }
    assert.equal(relay.state, "open");
    assert.equal(Sockets.made.length, 1);
  });

  test("gives up a connection attempt that nobody answers", async () => {
    await clock.pass(2999);
    assert.equal(Sockets.made.length, 1);
    await clock.pass(1);
    assert.equal(Sockets.made.length, 2, "that was wait enough");
  });

  test("tries at once when the page wakes up while it waits", async () => {
    opened().breaks();
    relay.wake();
    assert.equal(Sockets.made.length, 2);
    assert.equal(relay.state, "connecting");
    await clock.pass(400);
    assert.equal(Sockets.made.length, 2);
  });

  test("asks the relay for a sign of life when the page wakes up", async () => {
    const socket = opened();
    const before = socket.said("ping").length;
    relay.wake();
    assert.equal(socket.said("ping").length, before + 1);
    await clock.pass(1999);
    assert.equal(relay.state, "open");
    await clock.pass(1);
    assert.equal(relay.state, "waiting");
  });

  test("is begun anew in another network, whatever state it is in", async () => {
    let moves = 0;
    relay.on("roamed", () => (moves += 1));
    const socket = opened();
    relay.roam();
    assert.equal(socket.closedWith, 4000);
    assert.equal(Sockets.made.length, 2);
    Sockets.newest.breaks();
    relay.roam();
    assert.equal(Sockets.made.length, 3);
    opened();
    assert.equal(relay.state, "open");
    assert.equal(moves, 2);
    relay.close();
    relay.roam();
    assert.equal(Sockets.made.length, 3);
  });

  test("says goodbye when it is closed, and stays closed", async () => {
    const socket = opened();
    relay.close();
    relay.close();
    assert.equal(socket.closedWith, 1000);
    relay.wake();
    await clock.pass(60_000);
    assert.equal(Sockets.made.length, 1);
    assert.equal(relay.state, "closed");
    assert.equal(clock.waiting, 0);
  });

  test("hears nothing any more of a socket that it gave up", async () => {
    const socket = opened();
    await clock.pass(9000);
    socket.hears(list(details("stream_a")));
    assert.deepEqual(relay.streams, []);
  });

  test("says nothing while it is not open", () => {
    assert.equal(relay.send({ type: "stop_stream" }), false);
    assert.deepEqual(Sockets.newest.sent, []);
  });

  test("outlives what is no message", () => {
    const socket = opened();
    socket.onmessage({ data: "{" });
    socket.onmessage({ data: "null" });
    socket.hears({ type: "unheard_of" });
    assert.equal(relay.state, "open");
  });

  test("counts its lines, so that a peer connection knows to which it belongs", async () => {
    opened().breaks();
    await clock.pass(400);
    opened();
    assert.equal(relay.line, 2);
  });
});

describe("what a lost line leaves behind", () => {
  let clock, Sockets, relay, told;

  beforeEach(() => {
    clock = new FakeClock();
    Sockets = fakeSockets();
    relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random: () => 1 });
    told = [];
    for (const type of ["resumed", "gone", "error"]) relay.on(type, () => told.push(type));
    relay.open();
  });

  test("is taken up again with the first word on the next", () => {
    relay.resumeWith(() => "t1");
    relay.on("state", () => relay.send({ type: "stop_stream" }));
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.sent[0], { type: "resume", token: "t1" });
    assert.equal(Sockets.newest.words[1], "get_available_streams");
  });

  test("is not asked for if there is nothing", () => {
    relay.resumeWith(() => null);
    Sockets.newest.opens();
    assert.deepEqual(Sockets.newest.said("resume"), []);
  });

  test("may be gone, which is no error to tell of", () => {
    Sockets.newest.opens();
    Sockets.newest.hears({ type: "resumed", stream_id: null, resume_token: "t2" });
    Sockets.newest.hears(refusal("session_gone", "resume"));
    Sockets.newest.hears(refusal("peer_failed"));
    assert.deepEqual(told, ["resumed", "gone", "error"]);
  });
});

describe("the relay's clock", () => {
  test("is reckoned from the quickest of the last answers", async () => {
    const clock = new FakeClock();
    const Sockets = fakeSockets();
    const relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock });
    relay.open();
    Sockets.newest.opens();
    assert.equal(relay.time_ms, null);
    const answer = async (trip_ms, timestamp) => {
      relay.askTime();
      const { id } = Sockets.newest.said("ping").at(-1);
      await clock.pass(trip_ms);
      Sockets.newest.hears({ type: "pong", id, timestamp });
    };
    await answer(100, 1000.09); // asked at 0 and answered at 100: at 50 it was 1000.09
    assert.equal(relay.time_ms, 1_000_140);
    await answer(10, 1000.105); // at 105 it was 1000.105
    assert.equal(relay.time_ms, 1_000_110);
    await answer(200, 1000.4);
    assert.equal(relay.time_ms, 1_000_310);
  });
});

describe("what the relay tells", () => {
  let clock, socket, relay, told;

  beforeEach(() => {
    clock = new FakeClock();
    const Sockets = fakeSockets();
    relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock });
    told = [];
    relay.on("streams", (streams) => told.push(streams.map(({ stream_id }) => stream_id)));
    relay.open();
    socket = Sockets.newest;
    socket.opens();
  });

  test("the greeting alone, which has no names, is not yet the list", () => {
    socket.hears({ type: "available_streams", streams: ["stream_a"] });
    assert.equal(relay.knowsStreams, false);
    assert.deepEqual(told, []);
    socket.hears(list(details("stream_a", { name: "Nursery" })));
    assert.equal(relay.knowsStreams, true);
    assert.equal(relay.streams[0].name, "Nursery");
  });

  test("a new stream is last, and is asked about, because its announcement is short", () => {
    socket.hears(list(details("stream_a")));
    const asked = socket.said("get_available_streams").length;
    socket.hears({ type: "stream_available", stream_id: "stream_b", name: "Hall", slug: "hall" });
    assert.deepEqual(told.at(-1), ["stream_a", "stream_b"]);
    assert.equal(relay.streams[1].slug, "hall");
    assert.equal(socket.said("get_available_streams").length, asked + 1);
  });

  test("a change replaces what was known, but brings no ended stream back", () => {
    socket.hears(list(details("stream_a")));
    socket.hears({ type: "stream_changed", stream: details("stream_a", { muted: true }) });
    assert.equal(relay.streams[0].muted, true);
    socket.hears({ type: "stream_ended", stream_id: "stream_a", reason: "stopped" });
    socket.hears({ type: "stream_changed", stream: details("stream_a") });
    assert.deepEqual(relay.streams, []);
  });

  test("an end is told with its reason before the list is", () => {
    const order = [];
    socket.hears(list(details("stream_a")));
    relay.on("ended", ({ reason }) => order.push(reason));
    relay.on("streams", () => order.push("list"));
    socket.hears({ type: "stream_ended", stream_id: "stream_a", reason: "no_media" });
    assert.deepEqual(order, ["no_media", "list"]);
  });

  test("the ICE servers are those of the relay", () => {
    const iceServers = [{ urls: "stun:relay:3478" }];
    socket.hears({ ...list(), ice_servers: iceServers });
    assert.deepEqual(relay.iceServers, iceServers);
  });
});

describe("watching levels", () => {
  let clock, Sockets, relay;

  beforeEach(() => {
    clock = new FakeClock();
    Sockets = fakeSockets();
    relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random: () => 1 });
    relay.open();
    Sockets.newest.opens();
  });

  const subscribed = (socket) =>
    socket.said("subscribe_visualization").map(({ stream_id }) => stream_id);

  test("waits for a stream to be there: the relay refuses the others", () => {
    relay.watch(["stream_a"]);
    assert.deepEqual(subscribed(Sockets.newest), []);
    Sockets.newest.hears(list(details("stream_a")));
    assert.deepEqual(subscribed(Sockets.newest), ["stream_a"]);
  });

  test("asks for each once, and ends what is not watched any more", () => {
    Sockets.newest.hears(list(details("stream_a"), details("stream_b")));
    relay.watch(["stream_a", "stream_b"]);
    relay.watch(["stream_b"]);
    assert.deepEqual(subscribed(Sockets.newest), ["stream_a", "stream_b"]);
    assert.deepEqual(Sockets.newest.said("unsubscribe_visualization"), [
      { type: "unsubscribe_visualization", stream_id: "stream_a" },
    ]);
  });

  test("goes on over a lost line", async () => {
    Sockets.newest.hears(list(details("stream_a")));
    relay.watch(["stream_a"]);
    Sockets.newest.breaks();
    await clock.pass(400);
    Sockets.newest.opens();
    Sockets.newest.hears(list(details("stream_a")));
    assert.deepEqual(subscribed(Sockets.newest), ["stream_a"]);
  });

  test("does not ask to end what has ended by itself", () => {
    Sockets.newest.hears(list(details("stream_a")));
    relay.watch(["stream_a"]);
    Sockets.newest.hears({ type: "stream_ended", stream_id: "stream_a", reason: "stopped" });
    relay.watch([]);
    assert.deepEqual(Sockets.newest.said("unsubscribe_visualization"), []);
  });
});
