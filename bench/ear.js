/**
 * What the bench adds to every page: it knows the page's connections, its microphone and what
 * it plays, and writes down sound with the time of each piece.
 */
globalThis.ear = (() => {
  const QUEUE = 500; // pieces of 10 ms that may wait while the page is busy
  const peers = [];
  let microphone = null;

  const Peer = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Peer {
    constructor(...options) {
      super(...options);
      peers.push(this);
    }
  };

  const devices = navigator.mediaDevices;
  if (devices) {
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wish) => {
      const media = await open(wish);
      microphone = media.getAudioTracks()[0];
      return media;
    };
  }

  const played = () => document.querySelector("audio")?.srcObject?.getAudioTracks()[0] ?? null;
  const trackOf = (which) => (which === "microphone" ? microphone : played());

  /** A piece's microseconds since the page began, as seconds of the machine's clock. */
  const seconds = (page_us) => performance.timeOrigin / 1e3 + page_us / 1e6;

  /** Hand every piece of a track to a function until that returns false. */
  async function follow(track, take) {
    const processor = new MediaStreamTrackProcessor({ track, maxBufferSize: QUEUE });
    const reader = processor.readable.getReader();
    for (let goesOn = true; goesOn; ) {
      const { value, done } = await reader.read();
      if (done) break;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      goesOn = take(samples, seconds(value.timestamp), value.sampleRate);
      value.close();
    }
    await reader.cancel();
  }

  /** Record the microphone or what is played; samples as base64 of 16 bit each. */
  async function record(which, length_s) {
    const pieces = [];
    const times_s = [];
    let count = 0;
    let rate = 0;
    await follow(trackOf(which), (samples, at_s, sampleRate) => {
      rate = sampleRate;
      times_s.push([count, at_s]);
      pieces.push(Int16Array.from(samples, (s) => Math.max(-1, Math.min(1, s)) * 32767));
      count += samples.length;
      return count < length_s * rate;
    });
    const pcm = new Int16Array(count);
    let at = 0;
    for (const piece of pieces) {
      pcm.set(piece, at);
      at += piece.length;
    }
    return { rate, times_s, pcm: toBase64(new Uint8Array(pcm.buffer)) };
  }

  function toBase64(bytes) {
    const STEP = 0x8000;
    let text = "";
    for (let at = 0; at < bytes.length; at += STEP) {
      text += String.fromCharCode(...bytes.subarray(at, at + STEP));
    }
    return btoa(text);
  }

  /** Note the loudest sample of every 20 ms that are played, whatever track that is. */
  const levels = [];
  let watching = false;
  async function watch() {
    watching = true;
    while (watching) {
      const track = played();
      if (track?.readyState !== "live") {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      await follow(track, (samples, at_s) => {
        levels.push([at_s, samples.reduce((most, s) => Math.max(most, Math.abs(s)), 0)]);
        return watching && played() === track;
      });
    }
  }

  /** The sums of getStats() over all connections there ever were. */
  async function counters() {
    const sums = {};
    for (const peer of peers) {
      for (const entry of (await peer.getStats()).values()) {
        if (!["inbound-rtp", "outbound-rtp"].includes(entry.type)) continue;
        for (const [name, value] of Object.entries(entry)) {
          if (typeof value === "number") sums[name] = (sums[name] ?? 0) + value;
        }
      }
    }
    return sums;
  }

  /** Whether any sound came: by getStats(), or without a peer connection by the page's word. */
  async function sounds() {
    if (peers.length > 0) return (await counters()).totalAudioEnergy > 0;
    return document.querySelector("#state")?.dataset.state === "live";
  }

  return {
    peers,
    sounds,
    record,
    counters,
    watch: () => void watch(),
    levels: () => levels.splice(0),
    hears: () => played()?.readyState === "live",
  };
})();
