/** The stretch of time that a page of history shows, and how it is moved. Times are seconds since 1970. */

/** @typedef {"hour" | "day" | "week" | "month"} Unit */
/** @typedef {{from: number, to: number}} Span */

/** @type {Record<Unit, number>} */
export const UNITS_S = { hour: 3600, day: 86_400, week: 7 * 86_400, month: 30 * 86_400 };

const SHORTEST_S = 60;
const LONGEST_S = UNITS_S.month;

export class HistoryRange {
  /** @type {Unit} */
  #unit;
  #from = 0;
  #to = 0;
  #now;

  /**
   * @param {Unit} unit
   * @param {() => number} [now]
   */
  constructor(unit, now = () => Date.now() / 1000) {
    this.#unit = unit;
    this.#now = now;
    this.reset();
  }

  get unit() {
    return this.#unit;
  }

  get from() {
    return this.#from;
  }

  get to() {
    return this.#to;
  }

  get length() {
    return this.#to - this.#from;
  }

  /** Whether a part of the unit is shown, or more of it than one. */
  get zoomed() {
    return Math.abs(this.length - UNITS_S[this.#unit]) > 1;
  }

  /** Whether now is shown, or could be if a little time had not passed. */
  get newest() {
    return this.#to >= this.#now() - this.length / 20;
  }

  /** @param {Unit} unit */
  choose(unit) {
    const { newest } = this;
    const middle = (this.#from + this.#to) / 2;
    this.#unit = unit;
    if (newest) this.reset();
    else this.show(middle - UNITS_S[unit] / 2, middle + UNITS_S[unit] / 2);
  }

  /** The last hour, day, week or month. */
  reset() {
    this.show(this.#now() - UNITS_S[this.#unit], this.#now());
  }

  /** Go along with time, keeping the length. */
  follow() {
    this.show(this.#now() - this.length, this.#now());
  }

  /**
   * Move by parts of what is shown, never into the future.
   *
   * @param {number} lengths below 0 for back
   */
  move(lengths) {
    this.show(this.#from + lengths * this.length, this.#to + lengths * this.length);
  }

  /**
   * Show more or less, around a time that stays where it is.
   *
   * @param {number} factor below 1 shows less
   * @param {number} [around] by default now if it is shown, else the middle
   */
  zoom(factor, around = this.newest ? this.#to : (this.#from + this.#to) / 2) {
    this.show(
      around - (around - this.#from) * factor,
      around + (this.#to - around) * factor,
    );
  }

  /**
   * Show a stretch of time, as near as may be: at least a minute, at most a month, none of the future.
   *
   * @param {number} from
   * @param {number} to
   */
  show(from, to) {
    const length = Math.min(LONGEST_S, Math.max(SHORTEST_S, to - from));
    const middle = (from + to) / 2;
    this.#to = Math.min(this.#now(), middle + length / 2);
    this.#from = this.#to - length;
  }
}

/**
 * What is shown while fingers move: the times that were under them at first stay under them.
 *
 * @param {Span} span what was shown when the first finger came
 * @param {number} width of it on the screen
 * @param {{began: number, now: number}[]} fingers from its left edge; one moves, two also zoom
 * @returns {Span}
 */
export function spanUnder(span, width, fingers) {
  const length = span.to - span.from;
  const timeAt = (/** @type {number} */ x) => span.from + (x / width) * length;
  const [first, second] = fingers;
  const spread = second ? second.now - first.now : 0;
  const before = second ? second.began - first.began : 0;
  // Fingers that meet or pass each other would turn time around.
  const scale = second && spread / before > 0.05 ? before / spread : 1;
  const from = timeAt(first.began) - (first.now / width) * length * scale;
  return { from, to: from + length * scale };
}
