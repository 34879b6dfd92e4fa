/** Asking the relay something over HTTP, with what went wrong in words. */

/** @import { RelayError } from "./protocol.js" */

/**
 * @typedef {Object} Device somebody who was let in
 * @property {string} id
 * @property {string} name
 * @property {"device" | "player" | "monitor"} kind
 * @property {string[]} roles of "listen", "speak" and "admin"
 * @property {number} created_at in seconds since 1970
 * @property {number | null} seen_at
 */

/** What the relay answered instead of what was asked for. */
export class ApiError extends Error {
  /** @param {RelayError} error */
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }

  /** As errors on the line to the relay are. @returns {RelayError} */
  get asRelayError() {
    return { type: "error", code: this.code, message: this.message, request: null };
  }
}

/**
 * Ask, and return what is answered. Throws `ApiError`, or `TypeError` if nobody answers.
 *
 * @param {"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path beside the page, such as "api/me"
 * @param {Record<string, unknown>} [fields]
 * @returns {Promise<any>}
 */
export async function ask(method, path, fields) {
  const answer = await fetch(path, {
    method,
    cache: "no-store",
    ...(fields && {
      body: JSON.stringify(fields),
      headers: { "Content-Type": "application/json" },
    }),
  });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  throw new ApiError(refusal(answer.status, text));
}

/**
 * @param {number} status
 * @param {string} text
 * @returns {RelayError}
 */
function refusal(status, text) {
  try {
    const { code, message } = JSON.parse(text);
    if (typeof code === "string") return { type: "error", code, message, request: null };
  } catch {
    // A door says it in plain text.
  }
  const code = DOORS[status] ?? "internal_error";
  return { type: "error", code, message: text.trim(), request: null };
}

/** @type {Record<number, string>} What doors say by their status alone. */
const DOORS = { 401: "not_allowed", 403: "not_allowed", 429: "too_many_attempts" };
