/**
 * Listens to what the page's <audio> element plays, as a person would: what is paused or
 * muted is not heard. Resolves to the tones it heard, lowest first, as soon as it heard all
 * of them or the time is over.
 */
async ({ tones_hz, timeout_ms }) => {
  const FFT_SIZE = 4096;
  const QUIET_DB = -70;
  const context = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
  const levels = new Float32Array(analyser.frequencyBinCount);
  const bin_hz = context.sampleRate / FFT_SIZE;
  const heard = new Set();
  let media = null;
  let source = null;

  const connect = (audio) => {
    if (audio.srcObject === media) return;
    source?.disconnect();
    media = audio.srcObject;
    source = media?.getAudioTracks().length ? context.createMediaStreamSource(media) : null;
    source?.connect(analyser);
  };
  const listen = () => {
    analyser.getFloatFrequencyData(levels);
    const peak = levels.reduce((best, level, bin) => (level > levels[best] ? bin : best), 0);
    if (levels[peak] < QUIET_DB) return;
    for (const tone of tones_hz) {
      if (Math.abs(peak * bin_hz - tone) <= 1.5 * bin_hz) heard.add(tone);
    }
  };

  const end = performance.now() + timeout_ms;
  while (heard.size < tones_hz.length && performance.now() < end) {
    const audio = (window.card?.shadowRoot ?? document).querySelector("audio");
    if (audio) connect(audio);
    if (source && !audio.paused && !audio.muted && audio.volume > 0) listen();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await context.close();
  return [...heard].sort((a, b) => a - b);
};
