/** The sound of an alarm: two tones, again and again, made by the browser itself. */

const HIGH_HZ = 988;
const LOW_HZ = 740;
const TONE_S = 0.22;
const ROUND_S = 1.2;
const ONCE_MS = 1500;
const LOUDNESS = 0.5;

export class Siren {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #rounds;

  /** Whether the browser lets it sound without another gesture. */
  get ready() {
    return this.#context?.state === "running";
  }

  /** To be called inside a gesture: before one, browsers keep every page quiet. */
  unlock() {
    this.#context ??= new AudioContext();
    return this.#context.resume();
  }

  /** Sound until `stop`. */
  start() {
    this.stop();
    void this.unlock();
    this.#round();
    this.#rounds = setInterval(() => this.#round(), ROUND_S * 1000);
  }

  /** Idempotent. */
  stop() {
    clearInterval(this.#rounds);
    this.#rounds = undefined;
  }

  /** Sound once, now or never: a browser that waits for a gesture may get that hours later. */
  async sound() {
    const asked_ms = performance.now();
    await this.unlock();
    if (this.#rounds !== undefined || performance.now() - asked_ms > ONCE_MS) return;
    this.start();
    setTimeout(() => this.stop(), ONCE_MS);
  }

  #round() {
    navigator.vibrate?.([220, 60, 220]);
    [HIGH_HZ, LOW_HZ, HIGH_HZ].forEach((tone_hz, place) => this.#tone(tone_hz, place * TONE_S));
  }

  /**
   * @param {number} tone_hz
   * @param {number} delay_s
   */
  #tone(tone_hz, delay_s) {
    const context = this.#context;
    if (!context) return;
    const begin_s = context.currentTime + delay_s;
    const loudness = new GainNode(context, { gain: 0 });
    const tone = new OscillatorNode(context, { type: "triangle", frequency: tone_hz });
    // Rising and falling within 10 ms: without it every tone begins and ends with a click.
    loudness.gain.setTargetAtTime(LOUDNESS, begin_s, 0.01);
    loudness.gain.setTargetAtTime(0, begin_s + TONE_S - 0.05, 0.01);
    tone.connect(loudness).connect(context.destination);
    tone.start(begin_s);
    tone.stop(begin_s + TONE_S);
  }
}
