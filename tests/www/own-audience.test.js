import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { listeningText } from "../../www/audience-view.js";
import { OwnAudience } from "../../www/own-audience.js";
import { RelayClient } from "../../www/relay-client.js";
import { FakeClock, fakeSockets } from "./fakes.js";

const TABLET = { id: "1f", name: "Kitchen tablet", by: "webrtc", since: 1 };
const PHONE = { id: "2e", name: "Anna's phone", by: "http", since: 2 };
const NURSERY = { type: "audience", stream_id: "stream_a", hearers: [TABLET], more: 0, hushed: [] };

let clock, Sockets, relay, heardBy;

beforeEach(() => {
  clock = new FakeClock();
  Sockets = fakeSockets();
  relay = new RelayClient({ url: "ws://relay/ws", WebSocket: Sockets, clock, random: () => 0.5 });
  heardBy = new OwnAudience(relay);
  relay.open();
  Sockets.newest.onopen();
});

const says = (message) => Sockets.newest.onmessage({ data: JSON.stringify(message) });

describe("who hears what this page sends", () => {
  test("is told by the relay, for the stream that it is about", () => {
    const told = [];
    heardBy.on("change", (audience) => told.push(audience.hearers.length));
    assert.equal(heardBy.of("stream_a"), null);
    says(NURSERY);
    says({ ...NURSERY, hearers: [TABLET, PHONE] });
    assert.deepEqual(told, [1, 2]);
    assert.deepEqual(heardBy.of("stream_a").hearers, [TABLET, PHONE]);
    assert.equal(heardBy.of("stream_b"), null);
    assert.equal(heardBy.of(undefined), null);
  });

  test("is sent away one by one, or all at once, and asked back", () => {
    heardBy.hush("1f");
    heardBy.hush();
    heardBy.letBack();
    assert.deepEqual(Sockets.newest.said("hush"), [{ type: "hush", who: "1f" }, { type: "hush" }]);
    assert.deepEqual(Sockets.newest.said("unhush"), [{ type: "unhush" }]);
  });
});

test("who listens is said in one line", () => {
  const line = (fields) => listeningText({ ...NURSERY, ...fields });
  assert.equal(line({ hearers: [] }), "Nobody hears it yet");
  assert.equal(line({}), "1 is listening: Kitchen tablet");
  assert.equal(line({ hearers: [TABLET, PHONE] }), "2 are listening: Kitchen tablet, Anna's phone");
  assert.equal(line({ more: 3 }), "4 are listening: Kitchen tablet and 3 more");
});

test("a relay without room is told from one that is not there", async () => {
  assert.equal(relay.full, false);
  Sockets.newest.onclose({ code: 1013, reason: "this server has no room" });
  assert.deepEqual([relay.full, relay.state], [true, "waiting"]);
  await clock.pass(3000);
  Sockets.newest.onclose({ code: 1006 });
  assert.equal(relay.full, false);
});
