/** The formats that this browser can send and hear over the line, its favourite first. */

/** @typedef {"opus" | "pcm_24000" | "pcm_48000"} SoundFormat */

export const OPUS_RATE = 48_000;
export const OPUS_FRAME = 960; // samples: 20 ms

export const DECODER = { codec: "opus", sampleRate: OPUS_RATE, numberOfChannels: 1 };
export const ENCODER = { ...DECODER, bitrate: 40_000 };

/** @type {SoundFormat[]} */
export const HEARD_FORMATS = [...(await opusIf("AudioDecoder", DECODER)), "pcm_24000"];
/** @type {SoundFormat[]} */
export const SENT_FORMATS = [...(await opusIf("AudioEncoder", ENCODER)), "pcm_24000"];

/** @param {SoundFormat} format */
export function sampleRateOf(format) {
  return format === "pcm_24000" ? 24_000 : 48_000;
}

/**
 * Only secure pages have codecs, and not all of those have this one.
 *
 * @param {string} codec
 * @param {object} config
 * @returns {Promise<SoundFormat[]>}
 */
async function opusIf(codec, config) {
  try {
    const { supported } = await /** @type {any} */ (globalThis)[codec].isConfigSupported(config);
    return supported ? ["opus"] : [];
  } catch {
    return [];
  }
}
