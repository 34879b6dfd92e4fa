import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { diagnose, reportText } from "../../www/diagnosis.js";

const TLS = {
  https: true,
  https_port: 8443,
  host: "192.168.1.5",
  pages: {},
  source: "own",
  names: ["pi.local", "192.168.1.5"],
  days_left: 80,
  covered: true,
  problem: null,
};

const NOTHING = { origin: "http://192.168.1.5:8080", prefix: "/", secure: false };

const WELL = {
  ...NOTHING,
  origin: "https://192.168.1.5:8443",
  secure: true,
  permission: "granted",
  microphones: 1,
  tls: TLS,
  answers: true,
  line_ms: 40,
  sound: "arrives",
  clock_s: 0.4,
  autoplay: "plays",
  media: { port: 8082, addresses: ["192.168.1.5"] },
};

const row = (title, facts) => diagnose(facts).find((found) => found.title.startsWith(title));

test("all is well", () => {
  const rows = diagnose(WELL);
  assert.equal(rows.length, 10);
  assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(["good"]));
  assert.ok(rows.every(({ fix }) => fix === null));
});

test("before anything was found out nothing is guessed", () => {
  const rows = diagnose(NOTHING).filter(({ title }) => title !== "Secure page");
  assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(["open"]));
});

describe("what is wrong is named, with its fix:", () => {
  for (const [title, differing, state, finding, fix] of [
    ["Secure", { secure: false }, "warn", /plain http/, /Trust this server/],
    ["Permission", { permission: "denied" }, "bad", /Refused/, /site settings/],
    ["Microphones", { microphones: null }, "warn", /no microphones/, /current Chrome/],
    ["Microphones", { microphones: null, secure: false }, "warn", /no microphones/, /secure page/],
    ["Microphones", { microphones: 0 }, "warn", /None/, /connect one/],
    ["Certificate", { tls: { ...TLS, https: false }, answers: null }, "warn", /off/, /ssl/],
    ["Certificate", { answers: false }, "warn", /no answer/, /8443/],
    [
      "Certificate",
      { answers: false, tls: { ...TLS, covered: false } },
      "warn",
      /not for 192\.168\.1\.5, but for pi\.local/,
      /host_names/,
    ],
    ["Certificate", { tls: { ...TLS, problem: "it ends soon" } }, "warn", /trusts/, /ends soon/],
    ["WebSocket", { line_ms: null }, "bad", /does not open/, /WebSockets/],
    ["WebSocket", { line_ms: null, prefix: "/ear/" }, "bad", /does not open/, /Upgrade/],
    ["WebSocket", { line_ms: 2500 }, "warn", /2500 ms/, /slow/],
    ["Live sound", { sound: "lost" }, "bad", /8082 of 192\.168\.1\.5/, /firewall/],
    ["Separated", { sound: "lost" }, "warn", /Possible/, /isolation/],
    ["Clock", { clock_s: -600 }, "warn", /10 minutes behind/, /automatic/],
    ["Clock", { clock_s: 3 * 86_400 }, "warn", /3 days ahead/, /automatic/],
    ["Sound without", { autoplay: "waits" }, "warn", /tap/, /Tap to listen/],
    ["Address", { tls: null }, "bad", /not Earshot/, /proxy/],
  ]) {
    test(`${title} with ${JSON.stringify(differing)}`, () => {
      const found = row(title, { ...WELL, ...differing });
      assert.equal(found.state, state);
      assert.match(found.finding, finding);
      assert.match(found.fix, fix);
    });
  }
});

describe("what was not tested is said to be not tested:", () => {
  for (const [title, differing] of [
    ["Permission", { permission: "unknown" }],
    ["Permission", { permission: "denied", secure: false }],
    ["Certificate", { tls: null, answers: null }],
    ["Live sound", { sound: "nothing" }],
    ["Live sound", { line_ms: null, sound: undefined }],
    ["Separated", { sound: "nothing" }],
    ["Separated", { line_ms: null, sound: undefined }],
    ["Clock", { clock_s: null }],
    ["Sound without", { autoplay: "unknown" }],
  ]) {
    test(`${title} with ${JSON.stringify(differing)}`, () => {
      const found = row(title, { ...WELL, ...differing });
      assert.equal(found.state, "open");
      assert.match(found.finding, /Not tested/);
    });
  }
});

test("a proxy that keeps its path is told", () => {
  assert.match(row("Address", { ...WELL, prefix: "/api/ear/" }).finding, /proxy.*\/api\/ear\//);
});

test("the report has every row, and nothing that was typed behind the address", () => {
  const context = { now: new Date(0), userAgent: "A browser", version: "0.1.0" };
  const text = reportText(diagnose(WELL), context);
  assert.match(text, /^Earshot 0\.1\.0, 1970-01-01T00:00:00\.000Z\nA browser\n/);
  assert.equal(text.match(/^\[ok\] /gm).length, 10);
  assert.doesNotMatch(text, /[?#]/);
});
