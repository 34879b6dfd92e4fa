import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { RelayClient, socketAddress } from "../../../www/relay-client.js";
import { SOCKET_PATH, signedSocket } from "../../../www/card/signed-socket.js";

/** A browser's socket that is open as soon as it is made. */
class FakeSocket {
  static all = [];
  sent = [];
  constructor(url) {
    this.url = String(url);
    FakeSocket.all.push(this);
  }
  send(data) {
    this.sent.push(data);
  }
  close(code) {
    this.closedWith = code;
  }
}

let signatures, relay;
const hass = {
  async callWS({ type, path }) {
    assert.equal(type, "auth/sign_path");
    if (signatures === null) throw { code: "connection_lost" };
    return { path: `${path}?authSig=${++signatures}` };
  },
};
const last = () => FakeSocket.all.at(-1);

beforeEach(() => {
  FakeSocket.all = [];
  signatures = 0;
  relay = new RelayClient({
    url: socketAddress(`https://house.example${SOCKET_PATH}`),
    WebSocket: signedSocket(hass, FakeSocket),
  });
});

describe("a socket through the integration", () => {
  test("is opened at a path that was signed for it, and for the next line at another", async () => {
    relay.open();
    await setImmediate();
    assert.equal(last().url, "wss://house.example/api/earshot/ws?authSig=1");
    assert.equal(last().binaryType, "arraybuffer");
    last().onopen();
    assert.equal(relay.state, "open");
    assert.match(last().sent[0], /get_available_streams/);
    relay.roam();
    await setImmediate();
    assert.equal(last().url, "wss://house.example/api/earshot/ws?authSig=2");
    relay.close();
    assert.equal(last().closedWith, 1000);
  });

  test("is as lost as any other when Home Assistant does not sign", async () => {
    signatures = null;
    relay.open();
    await setImmediate();
    assert.equal(relay.state, "waiting");
    relay.close();
  });

  test("is not opened any more when it was closed meanwhile", async () => {
    relay.open();
    relay.close();
    await setImmediate();
    assert.deepEqual(FakeSocket.all, []);
  });
});
