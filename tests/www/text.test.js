import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { playerAddress, listenAddress } from "../../www/addresses.js";
import { airText } from "../../www/scene.js";
import * as text from "../../www/text.js";
import { details, refusal } from "./fakes.js";

const PROTOCOL = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

/** The codes in the first column of the protocol's table of errors. */
function codes() {
  const table = PROTOCOL.split("\n## ").find((chapter) => chapter.startsWith("Errors"));
  assert.ok(table);
  const column = [...table.matchAll(/^\|([^|]+)\|/gm)].map(([, cell]) => cell).join();
  return [...column.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code);
}

test("every error of the protocol has words of its own", () => {
  assert.ok(codes().length > 10);
  for (const code of codes()) {
    const words = text.errorText(refusal(code));
    assert.doesNotMatch(words, /the relay's words/, code);
  }
});

test("an error nobody foresaw is told in the relay's words", () => {
  assert.match(text.errorText(refusal("surprise")), /the relay's words about surprise/);
});

test("a blocked media port is named as what it is", () => {
  assert.match(text.errorText(refusal("negotiation_timeout")), /UDP.*blocked/);
});

test("who hears a stream is counted in words", () => {
  assert.equal(text.audience({ receivers: 0, listeners: 0 }), "Nobody hears it yet");
  assert.equal(text.audience({ receivers: 1, listeners: 2 }), "1 receiver · 2 listeners");
});

describe("how well a stream is heard", () => {
  for (const [hearing, words] of [
    [{ good: 2 }, "2 hear well"],
    [{ good: 1, worst_loss_percent: 1.4 }, "1 hears well"],
    [{ weak: 1, worst_loss_percent: 4.2 }, "1 has a weak line · up to 4 % lost"],
    [
      { good: 1, weak: 2, bad: 1, worst_loss_percent: 25 },
      "1 hears badly · 2 have a weak line · 1 hears well · up to 25 % lost",
    ],
    [{}, ""],
  ]) {
    test(`is told as "${words}"`, () => {
      const nobody = { good: 0, weak: 0, bad: 0, worst_loss_percent: 0 };
      assert.equal(text.reachText({ ...nobody, ...hearing }), words);
    });
  }
});

test("whatever is newest has a name, and is waited for like anything", () => {
  assert.equal(text.titleOfAddress("latest"), "Whatever is newest");
  const absent = { phase: "waiting", reason: "absent", stream: null, error: null, endReason: null };
  assert.match(text.hearingText(absent, "latest", false).explanation, /As soon as somebody sends/);
});

test("a stream without a name is still called something", () => {
  assert.equal(text.titleOf(details("stream_0b7c1234-x")), "Unnamed 0b7c");
  assert.equal(text.titleOfAddress("stream_0b7c1234-x"), "Unnamed 0b7c");
  assert.equal(text.titleOfAddress("nursery-phone"), "Nursery phone");
});

test("a length of time is as short as people say it", () => {
  assert.deepEqual([-5, 0, 59.9, 60, 3599, 3600, 9000].map(text.durationText), [
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h 0 min",
    "2 h 30 min",
  ]);
});

describe("what is heard, in words", () => {
  const stream = details("stream_a", { name: "Nursery", slug: "nursery" });
  const status = { phase: "hearing", reason: null, stream, error: null, endReason: null };

  test("a muted sender is not a quiet room", () => {
    const muted = { ...status, stream: { ...stream, muted: true } };
    assert.equal(text.hearingText(status, "nursery", false).state, "live");
    assert.equal(text.hearingText(muted, "nursery", false).state, "muted");
    const byHouse = { ...status, stream: { ...stream, muted_by_house: true } };
    assert.match(text.hearingText(byHouse, "nursery", false).explanation, /house has muted/);
  });

  test("a gate that keeps quiet sound back is no reason for worry", () => {
    const gated = { ...status, stream: { ...stream, gated: true } };
    assert.match(text.hearingText(gated, "nursery", false).explanation, /link is alive/);
  });

  test("a sound that the browser does not play is not called heard", () => {
    const { state, explanation } = text.hearingText(status, "nursery", true);
    assert.notEqual(state, "live");
    assert.match(explanation, /tap/);
  });

  test("every way to be lost is told apart, and by its name", () => {
    const reasons = ["unreachable", "ended", "stalled", "silent"];
    const texts = reasons.map((reason) =>
      text.hearingText({ ...status, phase: "lost", reason }, "nursery", false),
    );
    assert.ok(texts.every(({ headline }) => headline === "Nursery is lost"));
    assert.equal(new Set(texts.map(({ explanation }) => explanation)).size, reasons.length);
  });

  test("a sender that stopped on purpose is not told like one that broke down", () => {
    const ended = { ...status, phase: "lost", reason: "ended" };
    const explain = (endReason) =>
      text.hearingText({ ...ended, endReason }, "nursery", false).explanation;
    assert.match(explain("stopped"), /has stopped/);
    assert.match(explain("no_media"), /network, power and browser/);
  });

  test("a try that failed is told with the relay's error", () => {
    const error = refusal("negotiation_timeout");
    const failed = { ...status, phase: "waiting", reason: "failed", error };
    assert.match(text.hearingText(failed, "nursery", false).explanation, /UDP/);
  });

  test("what is waited for is called by the name that was asked for", () => {
    const absent = { phase: "waiting", reason: "absent", stream: null, error: null };
    assert.equal(text.hearingText(absent, "nursery", false).headline, "Nursery");
    assert.equal(text.hearingText(absent, null, false).headline, "Nothing on the air yet");
  });
});

describe("what is sent, in words", () => {
  const facts = {
    phase: "live",
    talk: "latched",
    opening: false,
    vanished: false,
    stalled: false,
    mutedByHouse: false,
    name: "Nursery",
  };
  for (const [name, difference, scene, headline] of [
    ["talking and received", {}, "air", "On air"],
    ["held and received", { talk: "held" }, "air", "On air"],
    ["received and released", { talk: "off" }, "calm", "Muted"],
    ["on the way", { phase: "connecting" }, "calm", "Connecting…"],
    ["not received any more", { phase: "lost" }, "lost", "Nobody hears you"],
    ["without its microphone", { vanished: true }, "lost", "The microphone is gone"],
    ["muted by the house", { mutedByHouse: true }, "calm", "Muted by the house"],
    ["connected, but without packets", { stalled: true }, "lost", "No sound arrives"],
    ["waiting for permission", { opening: true }, "calm", "Opening the microphone…"],
  ]) {
    test(`${name}: ${headline}`, () => {
      const air = airText({ ...facts, ...difference });
      assert.deepEqual([air.scene, air.headline], [scene, headline]);
      assert.equal(air.air === "on", scene === "air");
    });
  }
});

describe("addresses to copy", () => {
  test("lead players to the audio port over plain http, never through Home Assistant", () => {
    const page = "https://home.example:8123/api/hassio_ingress/abc/";
    assert.equal(
      playerAddress("nursery", page, 8081),
      "http://home.example:8081/stream/nursery.mp3",
    );
  });

  test("lead browsers to the page beside, whatever the name holds", () => {
    assert.equal(listenAddress("a b&c"), "listen.html?stream=a%20b%26c");
  });
});

test("an alert says what, where and when it began, whatever it is", () => {
  const alert = (kind) => text.alertText({ kind, stream: "nursery", began_at: 1.79e9 });
  assert.match(alert("cry"), /^Nursery: Somebody cries \(\d.+\)$/);
  assert.match(alert("lost"), /The microphone is gone/);
  assert.match(alert("dance"), /^Nursery: dance/);
  const known = { kind: "cry", stream: "anne-s-room", name: "Änne's room", began_at: 1.79e9 };
  assert.match(text.alertText(known), /^Änne's room: /);
});
