import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { answersOverHttps, askTls, httpsAddress, verdictOf } from "../../www/tls-state.js";

const TLS = { https: true, https_port: 8443, host: "192.168.1.5", pages: {}, covered: true };

/** A server's answer, as JSON or as whatever a proxy says. */
const answering = (text) => async () => new Response(text);
const silent = async () => {
  throw new TypeError("Failed to fetch");
};

test("the state is taken as the server tells it", async () => {
  assert.deepEqual(await askTls(answering(JSON.stringify(TLS))), TLS);
});

test("what is not Earshot's answer is none", async () => {
  assert.equal(await askTls(answering("<h1>Router</h1>")), null);
  assert.equal(await askTls(answering("{}")), null);
  assert.equal(await askTls(silent), null);
});

describe("the address over https", () => {
  for (const [page, expected] of [
    ["http://192.168.1.5:8080/trust.html", "https://192.168.1.5:8443/send.html"],
    ["http://pi.local/trust?x=1#y", "https://pi.local:8443/send.html"],
    ["http://[fd00::5]:8080/", "https://[fd00::5]:8443/send.html"],
    ["http://ha.local:8123/api/ingress/abc/trust.html", "https://ha.local:8443/send.html"],
  ]) {
    test(`of ${page} is the server's own`, () => {
      assert.equal(httpsAddress("send.html", page, 8443), expected);
    });
  }
});

test("who gets an answer over https trusts it", async () => {
  const asked = [];
  const fetch = async (address, options) => {
    asked.push([address, options.credentials]);
    return new Response('{"earshot": true}');
  };
  assert.equal(await answersOverHttps("http://pi.local:8080/trust.html", 8443, fetch), true);
  assert.deepEqual(asked, [["https://pi.local:8443/api/tls/ping", "omit"]]);
});

test("whoever else listens there is not Earshot", async () => {
  const page = "http://pi.local:8080/";
  assert.equal(await answersOverHttps(page, 8443, silent), false);
  assert.equal(await answersOverHttps(page, 8443, answering("hello")), false);
  assert.equal(await answersOverHttps(page, 8443, answering("{}")), false);
});

describe("how it stands", () => {
  const facts = { secure: false, hostname: "192.168.1.5", tls: TLS, answers: false };
  for (const [expected, differing] of [
    ["untrusted", {}],
    ["trusted", { answers: true }],
    ["uncovered", { tls: { ...TLS, covered: false } }],
    ["off", { tls: { ...TLS, https: false } }],
    ["unknown", { tls: null }],
    ["secure", { secure: true }],
    ["secure", { secure: true, tls: null }],
    ["here", { secure: true, hostname: "localhost" }],
    ["here", { secure: true, hostname: "[::1]" }],
  ]) {
    test(`is "${expected}" with ${JSON.stringify(differing)}`, () => {
      assert.equal(verdictOf({ ...facts, ...differing }), expected);
    });
  }
});
