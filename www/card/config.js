/** What a dashboard's owner wrote about a card, checked and in one form. */

/**
 * How a card talks: `either`, held or latched by a tap; `hold`, only while held; `toggle`, from one
 * tap to the next.
 *
 * @typedef {"either" | "hold" | "toggle" | null} TalkMode null: not at all
 */

/**
 * @typedef {Object} CardConfig
 * @property {string | null} title
 * @property {string | null} stream a name, a slug or an id; null: whoever is on air
 * @property {TalkMode} talk
 * @property {boolean} listen
 * @property {boolean} autoStart whether it listens, or only speaks, without being asked
 * @property {string | null} name under which this device speaks; null: that of the user and the device
 * @property {Set<string>} show of `SHOWN`
 * @property {string | null} url where Earshot is, with a slash at its end; null: to be found out
 * @property {string | null} slug of the app
 * @property {string | null} language null: that of the user
 */

/** What a card may show beside the state. */
export const SHOWN = ["level", "hearers"];

/** The cards and what differs in them before anybody writes an option. */
export const CARDS = {
  "earshot-card": { talk: true, listen: true },
  "voice-sending-card": { talk: "toggle", listen: false },
  "voice-receiving-card": { talk: false, listen: true },
};

/** What may be written, and what it means; the form writes texts alone. @type {[unknown, TalkMode][]} */
const TALK = [
  [true, "either"],
  ["either", "either"],
  ["hold", "hold"],
  ["toggle", "toggle"],
  ["off", null],
  [false, null],
];

/**
 * Read what is written about a card. Options that nobody knows are ignored: dashboards have them.
 *
 * @param {unknown} written
 * @param {{talk: unknown, listen: boolean}} standard
 * @returns {CardConfig}
 * @throws {Error} with words for the person who wrote it
 */
export function readConfig(written, standard) {
  if (typeof written !== "object" || written === null) throw new Error("The card has no options.");
  const options = /** @type {Record<string, unknown>} */ (written);
  const talk = readTalk(options.talk ?? standard.talk);
  const listen = readFlag(options, "listen", standard.listen);
  if (!talk && !listen) {
    throw new Error("talk and listen are both off, so the card could do nothing: switch one on.");
  }
  return {
    title: readText(options, "title"),
    stream: readText(options, "stream"),
    talk,
    listen,
    autoStart: readFlag(options, "auto_start", false),
    name: readName(options),
    show: readShow(options.show ?? SHOWN),
    url: readAddress(options),
    slug: readText(options, "slug"),
    language: readText(options, "language"),
  };
}

/** @param {unknown} value */
function readTalk(value) {
  const meant = TALK.find(([written]) => written === value);
  if (!meant) {
    throw new Error(`talk is ${quoted(value)}: write true, false, "hold" or "toggle".`);
  }
  return meant[1];
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} key
 * @param {boolean} standard
 */
function readFlag(options, key, standard) {
  const value = options[key] ?? standard;
  if (typeof value !== "boolean") {
    throw new Error(`${key} is ${quoted(value)}: write true or false.`);
  }
  return value;
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} key
 * @returns {string | null} null for what is missing or empty, as forms leave it
 */
function readText(options, key) {
  const value = options[key] ?? "";
  if (typeof value !== "string") throw new Error(`${key} is ${quoted(value)}: write a text.`);
  return value.trim() || null;
}

/** @param {Record<string, unknown>} options */
function readName(options) {
  const name = readText(options, "name");
  if (name !== null && (name.length > 40 || !/[a-z0-9]/i.test(name))) {
    throw new Error(`name is ${quoted(name)}: write 1 to 40 characters with a letter a-z or a digit.`);
  }
  return name;
}

/** @param {unknown} value */
function readShow(value) {
  if (!Array.isArray(value) || value.some((part) => !SHOWN.includes(part))) {
    throw new Error(`show is ${quoted(value)}: write a list of ${SHOWN.join(", ")}.`);
  }
  return new Set(value);
}

/**
 * @param {Record<string, unknown>} options `server_url` is how older cards call it
 * @returns {string | null}
 */
function readAddress(options) {
  const key = options.url === undefined ? "server_url" : "url";
  const text = readText(options, key);
  if (text === null) return null;
  const url = /^(https?|wss?):\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (!url) {
    throw new Error(
      `${key} is ${quoted(text)}: write the address of Earshot's pages, such as http://192.168.1.5:8080.`,
    );
  }
  // A protocol of WebSockets cannot become one of pages by `url.protocol` alone in every browser.
  const page = new URL(url.href.replace(/^ws/i, "http"));
  page.pathname = page.pathname.replace(/(^|\/)ws\/?$/, "/").replace(/\/?$/, "/");
  page.search = page.hash = "";
  return page.href;
}

/** @param {unknown} value */
function quoted(value) {
  return JSON.stringify(value) ?? String(value);
}
