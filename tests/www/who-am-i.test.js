import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { guessName } from "../../www/device-name.js";
import {
  askWhoIAm,
  codeIn,
  isAdmin,
  isStranger,
  nextPage,
  pairingAddress,
  rolesText,
  seenText,
} from "../../www/who-am-i.js";
import { ApiError, ask } from "../../www/api.js";

const PAGE = "http://pantry.local:8080/pair.html";

/** Let everything that is fetched be answered so, and return what was asked for. */
function answering(status, text) {
  const asked = [];
  globalThis.fetch = async (path, options) => {
    asked.push([path, options]);
    return new Response(text, { status });
  };
  return asked;
}

describe("the way to be let in", () => {
  test("leads back to where the page was, and keeps what it was about", () => {
    const address = pairingAddress("http://pantry.local:8080/listen.html?stream=nursery");
    const there = new URL(address, PAGE);
    assert.equal(there.pathname, "/pair.html");
    assert.equal(nextPage(there.href, "./"), "listen.html?stream=nursery");
    assert.equal(pairingAddress("http://pantry.local:8080/"), "pair.html");
    assert.equal(pairingAddress("http://ha:8123/api/hassio_ingress/x/"), "pair.html");
  });

  test("never leads anywhere else, whoever made the link", () => {
    for (const elsewhere of [
      "//evil.example",
      "http://evil.example/",
      "javascript:alert(1)",
      "/etc",
      "../x.html",
      "a.html#code=1",
      "\\\\evil.example",
    ]) {
      const link = `${PAGE}?next=${encodeURIComponent(elsewhere)}`;
      assert.equal(nextPage(link, "./"), "./", elsewhere);
    }
    assert.equal(nextPage(PAGE, "./"), "./");
  });

  test("the code stands behind the #, where no server sees it", () => {
    assert.equal(codeIn("#code=123456"), "123456");
    assert.equal(codeIn("#code=a_b-C"), "a_b-C");
    assert.equal(codeIn(""), "");
  });
});

test("who may do what is read from what the relay says", () => {
  const me = { access: "paired", trust: "none", name: "", roles: [], device_id: null };
  assert.ok(isStranger(me));
  assert.ok(!isAdmin(me));
  assert.ok(!isStranger(null));
  assert.ok(!isAdmin(null));
  assert.ok(isAdmin({ ...me, trust: "ingress", roles: ["admin", "listen", "speak"] }));
  assert.ok(!isStranger({ ...me, trust: "lan" }));
});

test("what somebody may do, in words", () => {
  assert.equal(rolesText(["admin", "listen", "speak"]), "Admin");
  assert.equal(rolesText(["listen", "speak"]), "Listens and speaks");
  assert.equal(rolesText(["listen"]), "Listens");
  assert.equal(rolesText(["speak"]), "Speaks");
});

test("when somebody was seen, in words no finer than what is known", () => {
  const now = 1_790_000_000;
  assert.equal(seenText(null, now), "Never seen");
  assert.equal(seenText(now + 5, now), "Seen within the hour");
  assert.equal(seenText(now - 3599, now), "Seen within the hour");
  assert.equal(seenText(now - 7200, now), "Seen 2 h ago");
  assert.equal(seenText(now - 30 * 3600, now), "Seen yesterday");
  assert.equal(seenText(now - 72 * 3600, now), "Seen 3 days ago");
});

test("a device has a first name by what it is", () => {
  assert.equal(guessName("Mozilla/5.0 (Linux; Android 14; SM-X200)"), "Android tablet");
  assert.equal(guessName("Mozilla/5.0 (Linux; Android 14; Pixel) Mobile"), "Android phone");
  assert.equal(guessName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"), "iPhone");
  assert.equal(guessName("Mozilla/5.0 (X11; Linux x86_64)"), "Computer");
});

describe("asking the relay", () => {
  test("what it answers comes back", async () => {
    const asked = answering(200, '{"code": "123456"}');
    assert.deepEqual(await ask("POST", "api/pairing", { roles: ["listen"] }), { code: "123456" });
    const [path, options] = asked[0];
    assert.equal(path, "api/pairing");
    assert.equal(options.method, "POST");
    assert.equal(options.body, '{"roles":["listen"]}');
  });

  test("what it refuses is an error with its code", async () => {
    answering(403, '{"code": "wrong_code", "message": "this code is wrong"}');
    await assert.rejects(ask("POST", "api/pair", {}), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, "wrong_code");
      assert.equal(error.asRelayError.message, "this code is wrong");
      return true;
    });
  });

  test("what a door says in plain text has a code as well", async () => {
    for (const [status, code] of [
      [401, "not_allowed"],
      [429, "too_many_attempts"],
      [500, "internal_error"],
    ]) {
      answering(status, "in plain text\n");
      await assert.rejects(ask("GET", "api/devices"), { code, message: "in plain text" });
    }
  });

  test("nobody who answers is nobody", async () => {
    globalThis.fetch = async () => {
      throw new TypeError("network");
    };
    assert.equal(await askWhoIAm(), null);
  });
});
