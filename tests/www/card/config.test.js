import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { CARDS, readConfig } from "../../../www/card/config.js";

const read = (written, card = "earshot-card") => readConfig(written, CARDS[card]);

test("a card without options does all", () => {
  assert.deepEqual(read({}), {
    title: null,
    stream: null,
    talk: "either",
    listen: true,
    autoStart: false,
    name: null,
    show: new Set(["level", "hearers"]),
    url: null,
    slug: null,
    language: null,
  });
});

test("the cards of older dashboards do one thing each", () => {
  const sending = read({}, "voice-sending-card");
  assert.deepEqual([sending.talk, sending.listen], ["toggle", false]);
  const receiving = read({}, "voice-receiving-card");
  assert.deepEqual([receiving.talk, receiving.listen], [null, true]);
});

test("what older dashboards say is understood, and what nobody knows is ignored", () => {
  const written = {
    type: "custom:voice-receiving-card",
    title: "Nursery",
    server_url: "ws://192.168.1.5:8080",
    auto_start: true,
    ice_servers: [{ urls: "stun:stun.example" }],
    grid_options: { columns: 6 },
  };
  const { title, url, autoStart } = read(written, "voice-receiving-card");
  assert.deepEqual({ title, url, autoStart }, {
    title: "Nursery",
    url: "http://192.168.1.5:8080/",
    autoStart: true,
  });
});

describe("an address", () => {
  for (const [written, read_] of [
    ["http://192.168.1.5:8080", "http://192.168.1.5:8080/"],
    ["https://earshot.home/house", "https://earshot.home/house/"],
    ["https://earshot.home/house/?x=1#y", "https://earshot.home/house/"],
    ["wss://earshot.home:8443/ws", "https://earshot.home:8443/"],
    ["WS://earshot.home/house/ws/", "http://earshot.home/house/"],
    ["https://earshot.home/news", "https://earshot.home/news/"],
    ["  ", null],
  ]) {
    test(`is read from "${written}"`, () => assert.equal(read({ url: written }).url, read_));
  }
});

describe("what cannot be meant", () => {
  for (const [written, words] of [
    [null, /no options/],
    [{ talk: "shout" }, /talk is "shout": write true, false, "hold" or "toggle"/],
    [{ listen: "yes" }, /listen is "yes": write true or false/],
    [{ talk: false, listen: false }, /talk and listen are both off/],
    [{ title: 7 }, /title is 7: write a text/],
    [{ name: "ñ" }, /name is "ñ".*1 to 40 characters/],
    [{ name: "x".repeat(41) }, /1 to 40 characters/],
    [{ show: ["level", "colour"] }, /show is .* write a list of level, hearers/],
    [{ show: "level" }, /show is "level": write a list/],
    [{ url: "192.168.1.5" }, /url is "192.168.1.5": write the address .* such as http:/],
    [{ url: "ftp://house" }, /url is "ftp:/],
    [{ server_url: "ws://" }, /server_url is "ws:/],
    [{ url: "javascript:alert(1)" }, /url is "javascript:/],
  ]) {
    test(`is refused in words: ${JSON.stringify(written)}`, () => {
      assert.throws(() => read(written), words);
    });
  }
});
