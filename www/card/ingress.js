/**
 * The way through Home Assistant to its app: found, opened by a session, and kept open.
 *
 * Home Assistant 2026.11 has commands of its own for it, which also those may use who are no admins;
 * older ones pass the Supervisor's answers on.
 */

/**
 * What a card needs of the `hass` object.
 *
 * @typedef {Object} Hass
 * @property {(message: Record<string, unknown>) => Promise<any>} callWS
 * @property {{components: string[]}} config
 * @property {Record<string, {url_path: string}>} [panels]
 * @property {{language: string}} [locale]
 * @property {{name: string}} [user]
 */

/** @typedef {{state: string, ingress_url: string}} AppInfo */

const APP = "earshot";
const RENEW_MS = 60_000; // as Home Assistant's own panels do; a session lives for 15 minutes
const COOKIE = "ingress_session";
const PATH = "/api/hassio_ingress/";

/**
 * Find the app that is Earshot.
 *
 * @param {Hass} hass
 * @returns {Promise<string | null>} its slug; null: none is installed
 * @throws {{code: string}} if this user may not see them, and it has no place in the side panel
 */
export async function findApp({ callWS, panels = {} }) {
  const shown = Object.values(panels).find(({ url_path }) => isEarshot(url_path));
  if (shown) return shown.url_path;
  const { addons } = await callWS({ type: "supervisor/api", endpoint: "/addons", method: "get" });
  const app = /** @type {{slug: string}[]} */ (addons).find(({ slug }) => isEarshot(slug));
  return app?.slug ?? null;
}

/**
 * Repositories put a mark of their own before an app's slug.
 *
 * @param {string} slug
 */
function isEarshot(slug) {
  return slug === APP || slug.endsWith(`_${APP}`);
}

export class Ingress {
  #callWS;
  #slug;
  #setCookie;
  /** @type {string | null} */
  #session = null;
  /** @type {Promise<void> | null} */
  #renewing = null;
  #holders = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /**
   * @param {Hass} hass
   * @param {string} slug
   * @param {(cookie: string) => void} [setCookie]
   */
  constructor({ callWS }, slug, setCookie = (cookie) => void (document.cookie = cookie)) {
    this.#callWS = callWS;
    this.#slug = slug;
    this.#setCookie = setCookie;
  }

  /** Have the session kept until `release`; every card of a dashboard holds the same one. */
  hold() {
    this.#holders += 1;
    this.#timer ??= setInterval(() => void this.renew().catch(() => {}), RENEW_MS);
  }

  /** One call for each `hold`. */
  release() {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Ask how the app is.
   *
   * @returns {Promise<AppInfo>}
   */
  info() {
    return this.#ask(
      { type: "supervisor/ingress/info", slug: this.#slug },
      { endpoint: `/addons/${this.#slug}/info`, method: "get" },
    );
  }

  /** Make the session last, or make another one. Raises what `callWS` does. */
  renew() {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #renew() {
    if (this.#session !== null && (await this.#isGood(this.#session))) return;
    const { session } = await this.#ask(
      { type: "supervisor/ingress/session", slug: this.#slug },
      { endpoint: "/ingress/session", method: "post" },
    );
    this.#session = session;
    const secure = globalThis.location?.protocol === "https:" ? ";Secure" : "";
    this.#setCookie(`${COOKIE}=${session};path=${PATH};SameSite=Strict${secure}`);
  }

  /** @param {string} session */
  async #isGood(session) {
    try {
      await this.#ask(
        { type: "supervisor/ingress/validate_session", session },
        { endpoint: "/ingress/validate_session", method: "post", data: { session } },
      );
      return true;
    } catch {
      return false;
    }
  }

  /**
   * @param {Record<string, unknown>} message
   * @param {Record<string, unknown>} older the same for a Home Assistant that does not know it
   */
  async #ask(message, older) {
    try {
      return await this.#callWS(message);
    } catch (error) {
      if (codeOf(error) !== "unknown_command") throw error;
      return await this.#callWS({ type: "supervisor/api", ...older });
    }
  }
}

/**
 * The code of what `callWS` raises.
 *
 * @param {any} error
 * @returns {string}
 */
export function codeOf(error) {
  return String(error?.code ?? "");
}

/** @param {any} error */
export function messageOf(error) {
  return String(error?.message ?? error);
}
