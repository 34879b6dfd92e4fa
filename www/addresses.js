/** The addresses that people copy out of a page. */

const USUAL_AUDIO_PORT = 8081;

/**
 * Ask the relay on which port players find its streams.
 *
 * @param {string} [root] where the relay's addresses begin, with a slash; by default beside the page
 * @returns {Promise<number>}
 */
export async function askAudioPort(root = "") {
  try {
    const health = await (await fetch(`${root}health`)).json();
    return Number(health.parts.audio_server.port) || USUAL_AUDIO_PORT;
  } catch {
    return USUAL_AUDIO_PORT;
  }
}

/**
 * Where a player hears a stream. Players get plain http on the audio port: they know nothing
 * of Home Assistant's cookies, and few of them trust a certificate made at home.
 *
 * @param {string} stream a slug or an id
 * @param {string} pageAddress
 * @param {number} port
 */
export function playerAddress(stream, pageAddress, port) {
  const url = new URL(`/stream/${encodeURIComponent(stream)}.mp3`, pageAddress);
  url.protocol = "http:";
  url.port = String(port);
  return url.href;
}

/**
 * Where a browser hears a stream, beside the page.
 *
 * @param {string} stream a slug or an id
 */
export function listenAddress(stream) {
  return `listen.html?stream=${encodeURIComponent(stream)}`;
}

/**
 * Where a browser sees how a stream sounded, beside the page.
 *
 * @param {string} stream a slug or an id
 */
export function historyAddress(stream) {
  return `history.html?stream=${encodeURIComponent(stream)}`;
}
