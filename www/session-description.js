/** Session descriptions: what a page adds to those that its browser writes. */

const SECTION = /^(?=m=)/m;
const OPUS = /^a=rtpmap:(\d+) opus\/48000\/2[^\r\n]*/im;

/**
 * Have lost Opus packets asked for again, which browsers do for video alone by themselves (RFC 4585).
 *
 * @param {string} sdp an offer or an answer of this browser
 * @param {string | null} [offer] what an answer answers: nothing is added that it does not have
 */
export function withNack(sdp, offer = null) {
  return sdp
    .split(SECTION)
    .map((section) => {
      const opus = section.startsWith("m=audio") ? OPUS.exec(section) : null;
      if (!opus || hasNack(section, opus[1])) return section;
      if (offer !== null && !offersNack(offer, opus[1])) return section;
      return section.replace(opus[0], `${opus[0]}\r\na=rtcp-fb:${opus[1]} nack`);
    })
    .join("");
}

/**
 * Make a description the browser's own, with lost packets asked for where it lets itself be told so.
 *
 * @param {RTCPeerConnection} peer
 * @param {RTCSessionDescriptionInit} description
 * @param {string | null} [offer] what an answer answers
 * @returns {Promise<string>} its SDP as the browser took it
 */
export async function describe(peer, { type, sdp = "" }, offer = null) {
  try {
    await peer.setLocalDescription({ type, sdp: withNack(sdp, offer) });
  } catch {
    await peer.setLocalDescription({ type, sdp }); // it wants nothing but its own words
  }
  return peer.localDescription?.sdp ?? "";
}

/**
 * @param {string} offer
 * @param {string} payloadType
 */
function offersNack(offer, payloadType) {
  return offer
    .split(SECTION)
    .some((section) => section.startsWith("m=audio") && hasNack(section, payloadType));
}

/**
 * @param {string} section
 * @param {string} payloadType
 */
function hasNack(section, payloadType) {
  return new RegExp(`^a=rtcp-fb:(${payloadType}|\\*) nack\\r?$`, "m").test(section);
}
