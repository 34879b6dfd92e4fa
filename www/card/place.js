/**
 * Where a card finds Earshot: at the address it was given, through Home Assistant, or where the card
 * itself came from.
 */

import { Ingress, codeOf, findApp, messageOf } from "./ingress.js";

/** @import { CardConfig } from "./config.js" */
/** @import { Hass } from "./ingress.js" */

/**
 * - `not_allowed`: Home Assistant lets this user not through to the app.
 * - `app_off`: the app is installed, but not running.
 * - `nowhere`: there is no app, and the card did not come from an Earshot.
 * - `mixed`: a page over https may not reach an address without it.
 * - `home_assistant`: Home Assistant did not answer as it should.
 *
 * @typedef {"not_allowed" | "app_off" | "nowhere" | "mixed" | "home_assistant"} Obstacle
 */

/** Why no place was found. */
export class PlaceError extends Error {
  /**
   * @param {Obstacle} obstacle
   * @param {string} [detail] what was said about it
   */
  constructor(obstacle, detail = "") {
    super(`${obstacle} ${detail}`.trim());
    this.obstacle = obstacle;
    this.detail = detail;
  }
}

/**
 * @typedef {Object} Place
 * @property {string} address of its pages, with a slash at its end
 * @property {Ingress | null} ingress what the way there has to be kept open by
 */

/** One session for all cards of a page. @type {Map<string, Ingress>} */
const ways = new Map();

/**
 * Find Earshot.
 *
 * @param {Object} circumstances
 * @param {Pick<CardConfig, "url" | "slug">} circumstances.config
 * @param {Hass} circumstances.hass
 * @param {string} circumstances.origin the folder that the card was loaded from
 * @param {string} circumstances.pageAddress the dashboard's
 * @returns {Promise<Place>}
 * @throws {PlaceError}
 */
export async function findPlace({ config, hass, origin, pageAddress }) {
  if (config.url) return direct(config.url, pageAddress);
  const elsewhere = new URL(origin).origin !== new URL(pageAddress).origin;
  try {
    const way = await throughHomeAssistant(config.slug, hass, pageAddress);
    if (way) return way;
  } catch (error) {
    const refused = error instanceof PlaceError && error.obstacle === "not_allowed";
    if (!refused || !elsewhere) throw error;
  }
  if (!elsewhere) throw new PlaceError("nowhere");
  return direct(origin, pageAddress);
}

/**
 * @param {string} address
 * @param {string} pageAddress
 * @returns {Place}
 */
function direct(address, pageAddress) {
  if (pageAddress.startsWith("https:") && address.startsWith("http:")) {
    throw new PlaceError("mixed", address);
  }
  return { address, ingress: null };
}

/**
 * @param {string | null} wanted the app's slug
 * @param {Hass} hass
 * @param {string} pageAddress
 * @returns {Promise<Place | null>} null: there is no such app
 */
async function throughHomeAssistant(wanted, hass, pageAddress) {
  if (!hass.config.components.includes("hassio")) return null;
  try {
    const slug = wanted ?? (await findApp(hass));
    if (slug === null) return null;
    const way = ways.get(slug) ?? new Ingress(hass, slug);
    ways.set(slug, way);
    return { address: await open(way, pageAddress), ingress: way };
  } catch (error) {
    if (error instanceof PlaceError) throw error;
    if (codeOf(error) === "unauthorized") throw new PlaceError("not_allowed");
    throw new PlaceError("home_assistant", messageOf(error));
  }
}

/**
 * @param {Ingress} way
 * @param {string} pageAddress
 */
async function open(way, pageAddress) {
  const { state, ingress_url } = await way.info();
  if (state !== "started" && state !== "startup") throw new PlaceError("app_off");
  await way.renew();
  return new URL(ingress_url, pageAddress).href;
}
