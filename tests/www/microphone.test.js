import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Microphone, refusalText, withheld } from "../../www/microphone.js";
import { settled } from "./fakes.js";

class FakeTrack {
  stopped = false;
  contentHint = "";
  onended = null;

  stop() {
    this.stopped = true;
  }
}

/** Microphones as a browser offers them; those that are asked for are kept in `requests`. */
class FakeDevices extends EventTarget {
  present = ["desk", "headset"];
  requests = [];
  tracks = [];
  refusal = null;

  async getUserMedia({ audio }) {
    this.requests.push(audio);
    if (this.refusal) throw new DOMException("", this.refusal);
    const wanted = audio.deviceId?.exact;
    if (this.present.length === 0) throw new DOMException("", "NotFoundError");
    if (wanted && !this.present.includes(wanted))
      throw new DOMException("", "OverconstrainedError");
    const track = new FakeTrack();
    this.tracks.push(track);
    return { getAudioTracks: () => [track] };
  }

  async enumerateDevices() {
    return [
      ...this.present.map((deviceId) => ({ kind: "audioinput", deviceId })),
      { kind: "audioinput", deviceId: "" },
      { kind: "videoinput", deviceId: "camera" },
    ];
  }
}

const STANDARD = { deviceId: "", profile: "voice" };

let devices, microphone;

beforeEach(() => {
  devices = new FakeDevices();
  microphone = new Microphone(devices);
});

describe("opening", () => {
  test("for a voice asks for all that cleans it up", async () => {
    const track = await microphone.open(STANDARD);
    const { echoCancellation, noiseSuppression, autoGainControl } = devices.requests[0];
    assert.deepEqual([echoCancellation, noiseSuppression, autoGainControl], [true, true, true]);
    assert.equal(track.contentHint, "speech");
    assert.equal(microphone.track, track);
  });

  test("for a room asks for everything as it is", async () => {
    const track = await microphone.open({ deviceId: "", profile: "room" });
    const { echoCancellation, noiseSuppression, autoGainControl } = devices.requests[0];
    assert.deepEqual([echoCancellation, noiseSuppression, autoGainControl], [false, false, false]);
    assert.equal(track.contentHint, "music");
  });

  test("takes the chosen microphone, or the standard one if that is gone", async () => {
    await microphone.open({ deviceId: "headset", profile: "voice" });
    assert.deepEqual(devices.requests.at(-1).deviceId, { exact: "headset" });
    await microphone.open({ deviceId: "lent to a friend", profile: "voice" });
    assert.equal(devices.requests.at(-1).deviceId, undefined);
    assert.notEqual(microphone.track, null);
  });

  test("lets go of the one that was open before", async () => {
    const before = await microphone.open(STANDARD);
    await microphone.open({ deviceId: "headset", profile: "voice" });
    assert.equal(before.stopped, true);
  });

  test("tells the microphones there are, whose names are known only now", async () => {
    const told = [];
    microphone.on("devices", (list) => told.push(list.map(({ deviceId }) => deviceId)));
    await microphone.open(STANDARD);
    await settled();
    assert.deepEqual(told, [["desk", "headset"]]);
  });

  test("that is not wanted any more when it is done captures nothing", async () => {
    const opening = microphone.open(STANDARD);
    microphone.close();
    assert.equal(await opening, null);
    assert.equal(devices.tracks[0].stopped, true);
    assert.equal(microphone.track, null);
  });

  test("that is refused is told as it is, without a second try", async () => {
    devices.refusal = "NotAllowedError";
    await assert.rejects(microphone.open({ deviceId: "desk", profile: "voice" }), {
      name: "NotAllowedError",
    });
    assert.equal(devices.requests.length, 1);
  });
});

describe("a microphone that vanishes", () => {
  let events;

  beforeEach(async () => {
    events = [];
    microphone.on("vanished", () => events.push("vanished"));
    microphone.on("replaced", () => events.push("replaced"));
    await microphone.open(STANDARD);
  });

  test("is replaced by another one at once", async () => {
    microphone.track.onended();
    await settled();
    assert.deepEqual(events, ["vanished", "replaced"]);
    assert.equal(microphone.track, devices.tracks[1]);
  });

  test("is waited for if there is no other", async () => {
    devices.present = [];
    microphone.track.onended();
    await settled();
    assert.deepEqual(events, ["vanished"]);
    assert.equal(microphone.track, null);
    devices.present = ["headset"];
    devices.dispatchEvent(new Event("devicechange"));
    await settled();
    assert.deepEqual(events, ["vanished", "replaced"]);
  });

  test("is not looked for any more after close", async () => {
    devices.present = [];
    microphone.track.onended();
    await settled();
    microphone.close();
    devices.present = ["headset"];
    await microphone.retry();
    assert.deepEqual(events, ["vanished"]);
    assert.equal(microphone.track, null);
  });

  test("is no other than one that was closed on purpose", async () => {
    const { track } = microphone;
    microphone.close();
    assert.equal(track.stopped, true);
    assert.equal(track.onended, null);
    assert.deepEqual(events, []);
  });
});

test("the system's interruptions are told", async () => {
  const told = [];
  microphone.on("interrupted", (silent) => told.push(silent));
  await microphone.open(STANDARD);
  microphone.track.onmute();
  microphone.track.onunmute();
  assert.deepEqual(told, [true, false]);
});

test("a page knows whether it may ask for a microphone at all, and if not, why", () => {
  const mediaDevices = new FakeDevices();
  assert.equal(withheld({ isSecureContext: true, navigator: { mediaDevices } }), null);
  assert.equal(withheld({ isSecureContext: false, navigator: {} }), "insecure");
  assert.equal(withheld({ isSecureContext: true, navigator: {} }), "unsupported");
});

test("each refusal has its own words, and an unknown one its name", () => {
  const known = ["NotAllowedError", "NotFoundError", "NotReadableError", "SecurityError"];
  const texts = known.map((name) => refusalText(new DOMException("", name)));
  assert.equal(new Set(texts).size, known.length);
  assert.match(refusalText(new DOMException("", "StrangeError")), /StrangeError/);
});
