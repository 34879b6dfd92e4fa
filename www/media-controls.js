/** The system's own controls: lock screen, headset buttons, media keys. */

/**
 * @typedef {Object} Controls
 * @property {() => void} play
 * @property {() => void} pause
 * @property {() => void} next
 * @property {() => void} previous
 */

/**
 * Have them control the page, where the system has any.
 *
 * @param {Controls} controls
 */
export function offerMediaControls({ play, pause, next, previous }) {
  const session = navigator.mediaSession;
  if (!session) return;
  /** @type {[MediaSessionAction, () => void][]} */
  const actions = [
    ["play", play],
    ["pause", pause],
    ["stop", pause],
    ["nexttrack", next],
    ["previoustrack", previous],
  ];
  for (const [action, handler] of actions) {
    try {
      session.setActionHandler(action, handler);
    } catch {
      // A browser that does not know one of them may know the others.
    }
  }
}

/**
 * Show there what is heard.
 *
 * @param {string} title
 * @param {string} state
 * @param {boolean} playing
 */
export function showInMediaControls(title, state, playing) {
  const session = navigator.mediaSession;
  if (!session) return;
  if (session.metadata?.title !== title || session.metadata.artist !== state) {
    const artwork = [{ src: new URL("icon.svg", location.href).href, type: "image/svg+xml" }];
    session.metadata = new MediaMetadata({ title, artist: state, album: "Earshot", artwork });
  }
  session.playbackState = playing ? "playing" : "paused";
}
