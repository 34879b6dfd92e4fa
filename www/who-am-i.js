/** Who this browser is to the relay, and the way to be let in. */

import { ask } from "./api.js";

/**
 * @typedef {Object} Me
 * @property {"lan" | "paired"} access whether everybody at home may come in, or only who was let in
 * @property {"ingress" | "paired" | "signed" | "lan" | "none"} trust why this browser is believed
 * @property {string} name
 * @property {string[]} roles of "listen", "speak" and "admin"
 * @property {string | null} device_id
 */

/**
 * Ask who this browser is.
 *
 * @returns {Promise<Me | null>} null: nobody answers
 */
export async function askWhoIAm() {
  try {
    return await ask("GET", "api/me");
  } catch {
    return null;
  }
}

/** @param {Me | null} me */
export function isStranger(me) {
  return me?.trust === "none";
}

/** @param {Me | null} me */
export function isAdmin(me) {
  return me !== null && me.roles.includes("admin");
}

/**
 * Where this browser is let in, and is sent back from to where it was.
 *
 * @param {string} pageAddress
 */
export function pairingAddress(pageAddress) {
  const { pathname, search } = new URL(pageAddress);
  const page = pathname.slice(pathname.lastIndexOf("/") + 1) + search;
  return page ? `pair.html?next=${encodeURIComponent(page)}` : "pair.html";
}

/**
 * Where to go on: a page beside this one, and nowhere else whatever somebody wrote into a link.
 *
 * @param {string} pageAddress
 * @param {string} fallback
 */
export function nextPage(pageAddress, fallback) {
  const page = new URL(pageAddress);
  const wanted = page.searchParams.get("next") ?? "";
  return /^[a-z-]+(\.html)?(\?[^#]*)?$/.test(wanted) ? wanted : fallback;
}

/**
 * The code in a link to the page of pairing, empty without one.
 *
 * @param {string} hash
 */
export function codeIn(hash) {
  return new URLSearchParams(hash.slice(1)).get("code") ?? "";
}

/**
 * When somebody was seen, in words. The relay remembers it to the hour.
 *
 * @param {number | null} seen_at
 * @param {number} now both in seconds since 1970
 */
export function seenText(seen_at, now) {
  if (seen_at === null) return "Never seen";
  const hours = Math.floor((now - seen_at) / 3600);
  if (hours < 1) return "Seen within the hour";
  if (hours < 24) return `Seen ${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "Seen yesterday" : `Seen ${days} days ago`;
}

/** What a device may be allowed, as the relay tells it: in the order of the alphabet. */
export const ROLES = [["listen", "speak"], ["listen"], ["speak"], ["admin", "listen", "speak"]];

/**
 * What somebody may do, in words.
 *
 * @param {string[]} roles
 */
export function rolesText(roles) {
  if (roles.includes("admin")) return "Admin";
  const listens = roles.includes("listen");
  if (listens && roles.includes("speak")) return "Listens and speaks";
  return listens ? "Listens" : "Speaks";
}
