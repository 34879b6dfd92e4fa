/** Advice to who speaks, from how loud it is ten times a second; slow, so that it never flickers. */

/** @typedef {"louder" | "too_close" | "noise" | "fine"} Advice */

const WINDOW = 100; // measurements: ten seconds
const RECENT = 25;
const LEAST_KNOWN = 30; // before that nobody knows how loud the room itself is
const FLOOR_SHARE = 0.1; // pauses are at least that much of what people say
const OVER_FLOOR_DB = 8;
const QUIETEST_VOICE_DBFS = -55;
const SPEAKING_SHARE = 0.3;
const TOO_QUIET_DBFS = -38;
const TOO_LOUD_DBFS = -10;
const CLIPPING_DBFS = -0.5;
const CLIPPED_TIMES = 3;
const NOISY_ROOM_DBFS = -38;
const LEAST_OVER_ROOM_DB = 12;

const SURE_MS = 1500; // so long it must be so before it is said
const STAYS_MS = 4000; // so long it is read
const QUIET_MS = 6000; // so long after the last word it still stands

export class Coach {
  /** @type {{level: number, peak: number}[]} */
  #heard = [];
  /** @type {Advice | null} */
  #advice = null;
  #saidAt = -Infinity;
  /** @type {Advice | null} */
  #candidate = null;
  #candidateSince = 0;

  /** What is to be said now; null: nothing. */
  get advice() {
    return this.#advice;
  }

  /**
   * Take one measurement of many, each of a tenth of a second.
   *
   * @param {number} level_dbfs
   * @param {number} peak_dbfs
   * @param {number} now_ms of a clock that only grows
   * @returns {Advice | null}
   */
  hear(level_dbfs, peak_dbfs, now_ms) {
    this.#heard.push({ level: level_dbfs, peak: peak_dbfs });
    if (this.#heard.length > WINDOW) this.#heard.shift();
    const candidate = judge(this.#heard);
    if (candidate !== this.#candidate) {
      this.#candidate = candidate;
      this.#candidateSince = now_ms;
    }
    const patience = candidate === null ? QUIET_MS : SURE_MS;
    const sure = now_ms - this.#candidateSince >= patience;
    if (candidate !== this.#advice && sure && now_ms - this.#saidAt >= STAYS_MS) {
      this.#advice = candidate;
      this.#saidAt = now_ms;
    }
    return this.#advice;
  }

  /** Another microphone, or nobody is on the air: what was heard says nothing any more. */
  reset() {
    this.#heard = [];
    this.#advice = this.#candidate = null;
    this.#saidAt = -Infinity;
  }
}

/**
 * @param {{level: number, peak: number}[]} heard newest last
 * @returns {Advice | null} null while nobody speaks, or nobody can tell
 */
function judge(heard) {
  const recent = heard.slice(-RECENT);
  if (recent.filter(({ peak }) => peak >= CLIPPING_DBFS).length >= CLIPPED_TIMES) return "too_close";
  if (heard.length < LEAST_KNOWN) return null;
  const levels = heard.map(({ level }) => level).sort((a, b) => a - b);
  const floor = levels[Math.floor(levels.length * FLOOR_SHARE)];
  const least = Math.max(QUIETEST_VOICE_DBFS, floor + OVER_FLOOR_DB);
  const spoken = recent.map(({ level }) => level).filter((level) => level >= least);
  if (floor >= NOISY_ROOM_DBFS) return "noise";
  if (spoken.length < SPEAKING_SHARE * RECENT) return null;
  const voice = spoken.reduce((sum, level) => sum + level, 0) / spoken.length;
  if (voice >= TOO_LOUD_DBFS) return "too_close";
  if (voice - floor < LEAST_OVER_ROOM_DB) return "noise";
  return voice < TOO_QUIET_DBFS ? "louder" : "fine";
}
