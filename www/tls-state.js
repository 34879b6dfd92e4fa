/** How it stands with https on this server, and whether this browser trusts it. */

const ANSWER_MS = 6000; // a port that a firewall swallows never answers

/**
 * What `GET /api/tls` tells; from `source` on only where there is https.
 *
 * @typedef {Object} TlsState
 * @property {boolean} https
 * @property {number} https_port
 * @property {string} host the name or address that this page was asked from
 * @property {Record<string, string>} pages where other devices open pages
 * @property {"own" | "foreign"} [source] whose certificate it is
 * @property {string | null} [authority_fingerprint] of the authority to be trusted; null: none is ours
 * @property {string | null} [next_authority_fingerprint] of the one that takes over; null: none yet
 * @property {string | null} [next_authority_from] when that is, at the latest
 * @property {string[]} [names]
 * @property {number} [days_left]
 * @property {boolean} [covered] whether the certificate is for `host`
 * @property {string | null} [problem]
 */

/**
 * Ask the server that this page came from.
 *
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<TlsState | null>} null if it does not answer as Earshot does
 */
export async function askTls(fetch = globalThis.fetch) {
  try {
    const answer = await fetch("api/tls", { cache: "no-store" });
    const state = await answer.json();
    return typeof state.https === "boolean" ? state : null;
  } catch {
    return null;
  }
}

/**
 * Where a page is over https. That is the server itself, without a proxy and its path.
 *
 * @param {string} path
 * @param {string} pageAddress
 * @param {number} port
 */
export function httpsAddress(path, pageAddress, port) {
  const url = new URL(pageAddress);
  url.protocol = "https:";
  url.port = String(port);
  url.pathname = `/${path}`;
  url.search = url.hash = "";
  return url.href;
}

/**
 * Whether this browser gets an answer over https: only if it trusts the certificate for
 * this very address. Why it gets none no page is told.
 *
 * @param {string} pageAddress
 * @param {number} port
 * @param {typeof globalThis.fetch} [fetch]
 */
export async function answersOverHttps(pageAddress, port, fetch = globalThis.fetch) {
  try {
    const answer = await fetch(httpsAddress("api/tls/ping", pageAddress, port), {
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return (await answer.json()).earshot === true;
  } catch {
    return false;
  }
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * - `here`: the page is open on the computer that runs Earshot.
 * - `secure`: it came over https, or the browser takes it for as good.
 * - `trusted`: it came over http, and https would work.
 * - `uncovered`: https would not work under this address, whatever is trusted.
 * - `untrusted`: https gets no answer: not trusted yet, or the port is blocked.
 * - `off`: there is no https.
 * - `unknown`: the server does not answer.
 *
 * @typedef {"here" | "secure" | "trusted" | "uncovered" | "untrusted" | "off" | "unknown"} Verdict
 */

/**
 * @param {Object} facts
 * @param {boolean} facts.secure `isSecureContext`
 * @param {string} facts.hostname
 * @param {TlsState | null} facts.tls
 * @param {boolean} facts.answers over https
 * @returns {Verdict}
 */
export function verdictOf({ secure, hostname, tls, answers }) {
  if (secure) return LOOPBACK.has(hostname) ? "here" : "secure";
  if (tls === null) return "unknown";
  if (!tls.https) return "off";
  if (answers) return "trusted";
  return tls.covered ? "untrusted" : "uncovered";
}
