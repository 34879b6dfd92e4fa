/**
 * Where a card finds Earshot: at the address it was given, through Home Assistant (the app's ingress,
 * or else the integration), or where the card itself came from.
 */

import { Ingress, codeOf, findApp, messageOf } from "./ingress.js";
import { SOCKET_PATH, signedSocket } from "./signed-socket.js";

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
 * @property {string} address beside which its socket is; of its pages too, if it has some
 * @property {"direct" | "ingress" | "integration"} by the integration brings no pages
 * @property {Ingress | null} ingress what the way there has to be kept open by
 * @property {typeof WebSocket} [WebSocket] what opens sockets there, if not the browser's own
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
  const integrated = hass.config.components.includes("earshot");
  try {
    const way = await throughIngress(config.slug, hass, pageAddress);
    if (way) return way;
  } catch (error) {
    const refused = error instanceof PlaceError && error.obstacle === "not_allowed";
    if (!refused || !(elsewhere || integrated)) throw error;
  }
  if (integrated) return throughIntegration(hass, pageAddress);
  if (!elsewhere) throw new PlaceError("nowhere");
  return direct(origin, pageAddress);
}

/**
 * @param {Hass} hass
 * @param {string} pageAddress
 * @returns {Place}
 */
function throughIntegration(hass, pageAddress) {
  const address = new URL(SOCKET_PATH, pageAddress).href;
  return { address, by: "integration", ingress: null, WebSocket: signedSocket(hass) };
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
  return { address, by: "direct", ingress: null };
}

/**
 * @param {string | null} wanted the app's slug
 * @param {Hass} hass
 * @param {string} pageAddress
 * @returns {Promise<Place | null>} null: there is no such app
 */
async function throughIngress(wanted, hass, pageAddress) {
  if (!hass.config.components.includes("hassio")) return null;
  try {
    const slug = wanted ?? (await findApp(hass));
    if (slug === null) return null;
    const way = ways.get(slug) ?? new Ingress(hass, slug);
    ways.set(slug, way);
    return { address: await open(way, pageAddress), by: "ingress", ingress: way };
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
