import assert from "node:assert/strict";
import { describe as about, test } from "node:test";

import { describe, withNack } from "../../www/session-description.js";

const audio = (...lines) => ["m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9", ...lines];
const sdp = (...lines) => ["v=0", "s=-", ...lines, ""].join("\r\n");

const RATES = ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1", "a=rtpmap:9 G722/8000"];
const PLAIN = sdp(...audio("a=mid:0", ...RATES));
const ASKING = sdp(...audio("a=mid:0", RATES[0], "a=rtcp-fb:111 nack", ...RATES.slice(1)));

about("lost packets", () => {
  test("are asked for again in an offer", () => assert.equal(withNack(PLAIN), ASKING));

  test("are asked for once, however often that is added", () => {
    assert.equal(withNack(withNack(PLAIN)), ASKING);
    const ofAll = sdp(...audio(...RATES, "a=rtcp-fb:* nack"));
    assert.equal(withNack(ofAll), ofAll);
  });

  test("are asked for besides other feedback", () => {
    const other = sdp(...audio(...RATES, "a=rtcp-fb:111 transport-cc", "a=rtcp-fb:111 nack pli"));
    assert.match(withNack(other), /a=rtcp-fb:111 nack\r\n/);
  });

  test("are asked for in an answer only if the offer has it, for the same format", () => {
    assert.equal(withNack(PLAIN, ASKING), ASKING);
    assert.equal(withNack(PLAIN, PLAIN), PLAIN);
    assert.equal(withNack(PLAIN, ASKING.replaceAll("111", "112")), PLAIN);
  });

  test("of other kinds are none of this page's business", () => {
    const video = sdp("m=video 9 UDP/TLS/RTP/SAVPF 111", ...RATES);
    assert.equal(withNack(video), video);
    const withoutOpus = sdp(...audio(RATES[2]));
    assert.equal(withNack(withoutOpus), withoutOpus);
    const both = withNack(sdp("m=video 9 X 111", ...RATES, ...audio(...RATES)));
    assert.equal(both.match(/nack/g).length, 1);
    assert.ok(both.indexOf("nack") > both.indexOf("m=audio"));
  });
});

about("a description", () => {
  const peer = {
    localDescription: null,
    async setLocalDescription(description) {
      if (this.strict && description.sdp !== PLAIN) throw new Error("not my words");
      this.localDescription = description;
    },
  };

  test("is the browser's own with what was added", async () => {
    assert.equal(await describe({ ...peer }, { type: "offer", sdp: PLAIN }), ASKING);
  });

  test("is the browser's own as it was where nothing may be added", async () => {
    const strict = { ...peer, strict: true };
    assert.equal(await describe(strict, { type: "offer", sdp: PLAIN }), PLAIN);
  });
});
