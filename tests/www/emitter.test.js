import assert from "node:assert/strict";
import { test } from "node:test";

import { Emitter } from "../../www/emitter.js";

test("everybody who asked is told, in the order they asked", () => {
  const emitter = new Emitter();
  const told = [];
  emitter.on("news", (text) => told.push(`first ${text}`));
  emitter.on("news", (text) => told.push(`second ${text}`));
  emitter.on("other", () => told.push("other"));
  emitter.emit("news", "hello");
  assert.deepEqual(told, ["first hello", "second hello"]);
});

test("who has left is not told, and may leave twice", () => {
  const emitter = new Emitter();
  const told = [];
  const leave = emitter.on("news", (text) => told.push(text));
  leave();
  leave();
  emitter.emit("news", "hello");
  assert.deepEqual(told, []);
});

test("one that leaves while all are told does not keep the next from being told", () => {
  const emitter = new Emitter();
  const told = [];
  const leave = emitter.on("news", () => leave());
  emitter.on("news", (text) => told.push(text));
  emitter.emit("news", "hello");
  assert.deepEqual(told, ["hello"]);
});
