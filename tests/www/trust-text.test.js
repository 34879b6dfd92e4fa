import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { SYSTEMS, systemOf, verdictText } from "../../www/trust-text.js";

const TLS = { https: true, https_port: 9443, host: "10.0.0.7", pages: {}, source: "own" };

describe("every verdict", () => {
  for (const verdict of ["here", "secure", "trusted", "untrusted", "uncovered", "off", "unknown"]) {
    test(`"${verdict}" has words, with and without an answer of the server`, () => {
      for (const tls of [TLS, null]) {
        const text = verdictText(verdict, tls);
        assert.ok(text.chip && text.headline);
        assert.match(text.explanation, /[.?]$/);
      }
    });
  }
});

test("who does not trust it yet is told the port, which may be blocked", () => {
  assert.match(verdictText("untrusted", TLS).explanation, /9443/);
});

test("with the house's own certificate there are no steps to do", () => {
  const { explanation } = verdictText("untrusted", { ...TLS, source: "foreign" });
  assert.doesNotMatch(explanation, /steps/);
});

test("an address that is not covered is named", () => {
  assert.match(verdictText("uncovered", TLS).headline, /10\.0\.0\.7/);
});

test("every system has a file and steps", () => {
  for (const { name, file, label, steps } of Object.values(SYSTEMS)) {
    assert.ok(name && label);
    assert.ok(["ca.crt", "earshot.mobileconfig"].includes(file));
    assert.ok(steps.length >= 3);
  }
});

describe("the system of", () => {
  const browser = { maxTouchPoints: 0 };
  for (const [expected, differing] of [
    ["ios", { userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1" }],
    ["ios", { userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", maxTouchPoints: 5 }],
    ["macos", { userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" }],
    ["android", { userAgent: "Mozilla/5.0 (Linux; Android 10; K) Chrome/150.0.0.0" }],
    ["android", { userAgent: "Mozilla/5.0 (X11)", userAgentData: { platform: "Android" } }],
    ["windows", { userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0" }],
    ["windows", { userAgent: "Mozilla/5.0 (Windows NT 10.0; rv:150.0) Firefox/150.0" }],
    ["linux", { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0" }],
    ["firefox", { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Firefox/150.0" }],
    ["linux", { userAgent: "something else" }],
  ]) {
    test(`${JSON.stringify(differing)} is ${expected}`, () => {
      assert.equal(systemOf({ ...browser, ...differing }), expected);
    });
  }
});
