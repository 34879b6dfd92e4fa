/**
 * What hearing.js does, for a browser without a sound card: Firefox runs an AudioContext by the
 * card's clock alone. So the page's <audio> element's sound is recorded, in short pieces, and decoded.
 */
async ({ tones_hz, timeout_ms }) => {
  const RATE_HZ = 48000;
  const PIECE_MS = 300;
  const WINDOW = 4096;
  const QUIET = 0.001; // relative to full scale: -60 dB
  const heard = new Set();

  const record = async (stream) => {
    const parts = [];
    const recorder = new MediaRecorder(stream, { mimeType: "audio/ogg; codecs=opus" });
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
    if (recorder.state !== "inactive") recorder.stop();
    await stopped;
    const bytes = await new Blob(parts).arrayBuffer();
    const decoder = new OfflineAudioContext(1, RATE_HZ, RATE_HZ);
    try {
      return (await decoder.decodeAudioData(bytes)).getChannelData(0);
    } catch {
      return new Float32Array(); // the stream ended before there was a sound
    }
  };
  // Goertzel's algorithm: the share of a window's power that is in one tone.
  const share = (samples, tone_hz) => {
    const turn = 2 * Math.cos((2 * Math.PI * tone_hz) / RATE_HZ);
    let [last, before, power] = [0, 0, 0];
    for (const sample of samples) {
      [last, before] = [sample + turn * last - before, last];
      power += sample * sample;
    }
    if (power / samples.length < QUIET ** 2) return 0;
    const tone = last * last + before * before - turn * last * before;
    return (2 * tone) / (power * samples.length);
  };
  const listen = (sound) => {
    for (let start = 0; start + WINDOW <= sound.length; start += WINDOW / 2) {
      const samples = sound.subarray(start, start + WINDOW);
      for (const tone of tones_hz) {
        if (share(samples, tone) > 0.5) heard.add(tone);
      }
    }
  };

  const end = performance.now() + timeout_ms;
  while (heard.size < tones_hz.length && performance.now() < end) {
    const audio = document.querySelector("audio");
    const stream = audio?.srcObject;
    const audible = stream?.active && !audio.paused && !audio.muted && audio.volume > 0;
    if (audible) listen(await record(stream));
    else await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return [...heard].sort((a, b) => a - b);
};
