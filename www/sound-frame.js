/** Sound in the binary frames of the line, as docs/protocol.md has them. */

const SOUND = 1;
const HEARD = 2;
const HEADER_BYTES = 16;
const HEARD_BYTES = 4;
const ANSWERED_EVERY = 10;

/** So many frames may be on the way that nothing was heard of since. */
export const WINDOW = 40;

/**
 * @typedef {Object} SoundFrame
 * @property {number} epoch another one is another timeline
 * @property {number} sequence
 * @property {number} timestamp samples at 48 kHz
 * @property {number} captured_s since 1970 on the relay's clock
 * @property {Uint8Array} payload
 */

/**
 * @param {ArrayBuffer} data
 * @returns {SoundFrame | null} null for what is no sound
 */
export function parseSound(data) {
  if (data.byteLength <= HEADER_BYTES) return null;
  const view = new DataView(data);
  if (view.getUint8(0) !== SOUND) return null;
  return {
    epoch: view.getUint8(1),
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    captured_s: view.getFloat64(8),
    payload: new Uint8Array(data, HEADER_BYTES),
  };
}

/**
 * @param {number} sequence it may grow beyond 16 bits
 * @param {number} timestamp and this beyond 32
 * @param {Uint8Array} payload
 */
export function packSound(sequence, timestamp, payload) {
  const data = new ArrayBuffer(HEADER_BYTES + payload.length);
  const view = new DataView(data);
  view.setUint8(0, SOUND);
  view.setUint16(2, sequence % 0x1_0000);
  view.setUint32(4, timestamp % 0x1_0000_0000);
  new Uint8Array(data).set(payload, HEADER_BYTES);
  return data;
}

/** @param {number} sequence of a frame that came */
export function wantsAnswer(sequence) {
  return sequence % ANSWERED_EVERY === 0;
}

/** @param {number} sequence */
export function packHeard(sequence) {
  const data = new ArrayBuffer(HEARD_BYTES);
  const view = new DataView(data);
  view.setUint8(0, HEARD);
  view.setUint16(2, sequence);
  return data;
}

/**
 * @param {ArrayBuffer} data
 * @returns {number | null} the sequence of the frame that was heard
 */
export function parseHeard(data) {
  if (data.byteLength !== HEARD_BYTES) return null;
  const view = new DataView(data);
  return view.getUint8(0) === HEARD ? view.getUint16(2) : null;
}
