import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  FORMATS,
  placeOf,
  playlistAddress,
  recipes,
  soundAddress,
} from "../../www/player-address.js";

const [MP3, AAC, OGG, FLAC] = FORMATS;
const PLACE = { root: "http://relay:8081/", address: "nursery" };

describe("the place of the page", () => {
  for (const [href, root, address, extension] of [
    ["http://relay:8081/stream/nursery.flac?x=1#y", "http://relay:8081/", "nursery", "flac"],
    ["http://relay:8081/stream/nursery.MP3", "http://relay:8081/", "nursery", "mp3"],
    ["http://relay:8081/stream/nursery", "http://relay:8081/", "nursery", "mp3"],
    ["http://relay:8081/stream/dr.%20no", "http://relay:8081/", "dr. no", "mp3"],
    ["https://ha/api/ingress/abc/stream/a.ogg", "https://ha/api/ingress/abc/", "a", "ogg"],
    ["http://relay:8080/player.html?stream=porch", "http://relay:8080/", "porch", "mp3"],
    ["http://relay:8080/player.html", "http://relay:8080/", "latest", "mp3"],
  ]) {
    test(href, () => {
      const place = placeOf(href);
      assert.equal(place.root, root);
      assert.equal(place.address, address);
      assert.equal(place.format.extension, extension);
    });
  }
});

describe("an address of sound", () => {
  test("is the stream's with the extension", () => {
    assert.equal(soundAddress(PLACE, OGG), "http://relay:8081/stream/nursery.ogg");
  });

  test("has a bit rate only where one was chosen and there is one", () => {
    assert.equal(soundAddress(PLACE, MP3, 128), "http://relay:8081/stream/nursery.mp3?bitrate=128");
    assert.equal(soundAddress(PLACE, FLAC, 128), "http://relay:8081/stream/nursery.flac");
  });

  test("does not let a name become a path", () => {
    const hostile = { ...PLACE, address: "../a?b#c/d" };
    assert.equal(
      soundAddress(hostile, MP3),
      "http://relay:8081/stream/..%2Fa%3Fb%23c%2Fd.mp3",
    );
  });
});

describe("an address of a playlist", () => {
  test("is short for what is usual", () => {
    assert.equal(playlistAddress(PLACE, "m3u", MP3), "http://relay:8081/stream/nursery.m3u");
  });

  test("carries the choice", () => {
    assert.equal(
      playlistAddress(PLACE, "pls", AAC, 64),
      "http://relay:8081/stream/nursery.pls?format=aac&bitrate=64",
    );
    assert.equal(
      playlistAddress(PLACE, "m3u", FLAC, 64),
      "http://relay:8081/stream/nursery.m3u?format=flac",
    );
  });
});

test("every recipe has something to copy, and Sonos its own scheme", () => {
  const all = recipes("http://relay:8081/stream/nursery.ogg", "http://relay:8081/stream/nursery.mp3");
  const of = (title) => all.find((recipe) => recipe.title === title).code;
  assert.match(of("VLC"), /"http:\/\/relay:8081\/stream\/nursery\.ogg"$/);
  assert.equal(of("Sonos"), "x-rincon-mp3radio://relay:8081/stream/nursery.mp3");
  assert.match(of("Home Assistant"), /media_content_id: "http:\/\/relay:8081\/stream\/nursery\.mp3"/);
});
