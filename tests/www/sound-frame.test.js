import assert from "node:assert/strict";
import { test } from "node:test";

import { packHeard, packSound, parseHeard, parseSound, wantsAnswer } from "../../www/sound-frame.js";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex")).buffer;
const hex = (data) => Buffer.from(data).toString("hex");

test("a frame is what the protocol says", () => {
  const packed = packSound(0x1_0203, 0x1_0405_0607, Uint8Array.of(0xab));
  assert.equal(hex(packed), "0100020304050607" + "0000000000000000" + "ab");
  const frame = parseSound(bytes("01aa 0203 04050607 3ff8000000000000 abcd"));
  assert.deepEqual(frame, {
    epoch: 0xaa,
    sequence: 0x0203,
    timestamp: 0x0405_0607,
    captured_s: 1.5,
    payload: Uint8Array.of(0xab, 0xcd),
  });
});

test("what is no sound is not taken for it", () => {
  for (const data of ["", "02000203", "01aa020304050607 3ff8000000000000", "7b7d"]) {
    assert.equal(parseSound(bytes(data)), null);
  }
});

test("every tenth frame is answered, in four bytes", () => {
  assert.deepEqual([0, 5, 10, 11, 65_530].filter(wantsAnswer), [0, 10, 65_530]);
  assert.equal(hex(packHeard(0x0203)), "02000203");
  assert.equal(parseHeard(bytes("02000203")), 0x0203);
  assert.equal(parseHeard(bytes("0200")), null);
  assert.equal(parseHeard(bytes("01000203")), null);
});
