/** What a page remembers on this device; forgets quietly where the browser keeps nothing. */

const PREFIX = "earshot.";

/**
 * @param {string} key
 * @returns {string | null}
 */
export function recall(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null; // private windows of some browsers refuse even to look
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Full or forbidden: the page works, it will only have forgotten next time.
  }
}

/** The random id that stands for this device, so that it can take its own name over. */
export function deviceId() {
  const known = recall("device_id");
  if (known) return known;
  // crypto.randomUUID is missing on pages that are not secure.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  remember("device_id", id);
  return id;
}
