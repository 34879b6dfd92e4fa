/** The live streams as the relay told them, newest last. */

/** @import { StreamAvailable, StreamDetails } from "./protocol.js" */

/** The address of whatever stream is the newest, now and later. */
export const LATEST = "latest";

export class LiveStreams {
  /** @type {Map<string, StreamDetails>} */
  #streams = new Map();

  get list() {
    return [...this.#streams.values()];
  }

  /** @param {string} id */
  has(id) {
    return this.#streams.has(id);
  }

  /**
   * Take over a whole list. Without details what is known stays, and what is new has no name yet.
   *
   * @param {string[]} ids
   * @param {StreamDetails[]} [details]
   */
  replace(ids, details) {
    const told = details ?? ids.map((id) => this.#streams.get(id) ?? unknownStream(id));
    this.#streams = new Map(told.map((stream) => [stream.stream_id, stream]));
  }

  /** @param {StreamAvailable} stream */
  add({ stream_id, name, slug }) {
    if (this.has(stream_id)) return;
    this.#streams.set(stream_id, { ...unknownStream(stream_id), name, slug });
  }

  /**
   * @param {StreamDetails} stream
   * @returns {boolean} false if it is over already
   */
  change(stream) {
    if (!this.has(stream.stream_id)) return false;
    this.#streams.set(stream.stream_id, stream);
    return true;
  }

  /** @param {string} id */
  remove(id) {
    this.#streams.delete(id);
  }
}

/**
 * Find the stream that an address stands for; of several the newest.
 *
 * @param {StreamDetails[]} streams newest last
 * @param {string | null} address an id, a slug or a name; null or `LATEST`: any
 * @returns {StreamDetails | null}
 */
export function findStream(streams, address) {
  const fits = (/** @type {StreamDetails} */ stream) =>
    address === null ||
    address === LATEST ||
    stream.stream_id === address ||
    stream.slug === address ||
    stream.name === address;
  return streams.filter(fits).pop() ?? null;
}

/**
 * Choose what is to be heard under an address.
 *
 * @param {StreamDetails[]} streams newest last
 * @param {string | null} address `LATEST`: always the newest; null: the newest, and then to stay with it
 * @param {StreamDetails | null} last what was chosen under it before
 * @param {(stream: StreamDetails) => boolean} accepts what may be chosen when any will do
 */
export function chooseStream(streams, address, last, accepts) {
  if (address !== null && address !== LATEST) return findStream(streams, address);
  const same = address === null && last ? findStream(streams, last.stream_id) : null;
  return same ?? findStream(streams.filter(accepts), LATEST);
}

/**
 * What a stream is asked for by: its name's address, which outlives it, or else its id.
 *
 * @param {StreamDetails} stream
 */
export function addressOf(stream) {
  return stream.slug ?? stream.stream_id;
}

/**
 * @param {string} stream_id
 * @returns {StreamDetails}
 */
function unknownStream(stream_id) {
  return {
    stream_id,
    name: null,
    slug: null,
    state: "live",
    muted: false,
    muted_by_house: false,
    gated: false,
    receivers: 0,
    listeners: 0,
    started_at: null,
    lookback_s: 0,
    recorded: false,
    hearing: { good: 0, weak: 0, bad: 0, worst_loss_percent: 0 },
  };
}
