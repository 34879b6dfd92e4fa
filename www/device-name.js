/** What a device is called before its owner says otherwise. */

/**
 * A first name for a device, to be changed by its owner.
 *
 * @param {string} userAgent
 */
export function guessName(userAgent) {
  if (/iPhone/.test(userAgent)) return "iPhone";
  if (/iPad/.test(userAgent)) return "iPad";
  if (/Android.*Mobile/.test(userAgent)) return "Android phone";
  if (/Android/.test(userAgent)) return "Android tablet";
  return /Mac OS X/.test(userAgent) ? "Mac" : "Computer";
}
