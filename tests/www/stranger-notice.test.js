import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Emitter } from "../../www/emitter.js";
import { leadStrangers } from "../../www/stranger-notice.js";
import { settled } from "./fakes.js";

const STRANGER = { access: "paired", trust: "none", name: "", roles: [], device_id: null };

/** A line that does not come about, and how often it was open before. */
class Line extends Emitter {
  state = "connecting";

  constructor(line) {
    super();
    this.line = line;
  }

  async becomes(state) {
    this.state = state;
    this.emit("state", state);
    await new Promise((resolve) => setTimeout(resolve));
    await settled();
  }
}

let went = null;
let shown = [];
let me = STRANGER;

beforeEach(() => {
  went = null;
  shown = [];
  me = STRANGER;
  globalThis.location = {
    href: "http://pantry:8080/listen.html?stream=nursery",
    replace: (address) => (went = address),
  };
  globalThis.document = {
    createElement: () => ({
      setAttribute() {},
      append() {},
      remove() {
        shown = shown.filter((other) => other !== this);
      },
    }),
    querySelector: () => ({ prepend: (notice) => shown.push(notice) }),
  };
  globalThis.fetch = async () => {
    if (me === null) throw new TypeError("network");
    return new Response(JSON.stringify(me));
  };
});

test("a page that was never let in goes where that is done, and will come back", async () => {
  const line = new Line(0);
  leadStrangers(line);
  await line.becomes("waiting");
  assert.equal(went, "pair.html?next=listen.html%3Fstream%3Dnursery");
});

test("a page that was let in once stays, and says why it is silent", async () => {
  const line = new Line(1);
  leadStrangers(line);
  await line.becomes("waiting");
  await line.becomes("connecting");
  await line.becomes("waiting");
  assert.equal(went, null);
  assert.equal(shown.length, 1);
  await line.becomes("open");
  assert.equal(shown.length, 0);
});

test("a network that is gone is no matter of pairing", async () => {
  for (me of [null, { ...STRANGER, trust: "lan" }]) {
    const line = new Line(0);
    leadStrangers(line);
    await line.becomes("waiting");
    assert.equal(went, null);
    assert.equal(shown.length, 0);
  }
});
