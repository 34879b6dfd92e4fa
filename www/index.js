/** The first page: what is on the air, and the ways to take part. */

import { AlertBanner } from "./alert-banner.js";
import { AlertFeed } from "./alert-feed.js";
import { askAudioPort } from "./addresses.js";
import { ask } from "./api.js";
import { find, say } from "./element.js";
import { Notifications } from "./notifications.js";
import { openLine, showLine } from "./relay-line.js";
import { Siren } from "./siren.js";
import { StreamCard } from "./stream-card.js";
import { counted, errorText, titleOf } from "./text.js";
import { showTrouble } from "./trouble.js";
import { askWhoIAm, isAdmin } from "./who-am-i.js";

/** @import { Me } from "./who-am-i.js" */
/** @import { RelayError } from "./protocol.js" */

const TICK_MS = 10_000;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

class HomePage {
  #relay = openLine();
  #list = find("streams", HTMLUListElement);
  #empty = find("empty", HTMLElement);
  #news = find("news", HTMLElement);
  /** @type {Map<string, StreamCard>} */
  #cards = new Map();
  #audioPort;
  #makeLink;

  /**
   * @param {number} audioPort where players find the streams
   * @param {Me | null} me
   */
  constructor(audioPort, me) {
    this.#audioPort = audioPort;
    this.#makeLink = me?.access === "paired" ? makeLink : null;
    showLine(this.#relay);
    new AlertBanner(new AlertFeed(this.#relay), new Siren(), new Notifications());
    this.#sayWhereToOpen();
    this.#relay.on("streams", () => this.#showStreams());
    this.#relay.on("audio_data", (sound) => this.#cards.get(sound.stream_id)?.hear(sound));
    this.#relay.on("started", (stream) => say(this.#news, `${titleOf(stream)} is on the air.`));
    this.#relay.on("ended", ({ stream_id }) => this.#tellEnd(stream_id));
    this.#relay.on("error", (error) => this.#complain(error));
    this.#relay.on("state", () => this.#lineChanged());
    document.addEventListener("visibilitychange", () => this.#watch());
    setInterval(() => this.#cards.forEach((card) => card.tick()), TICK_MS);
    this.#sayWhoMayListen(me);
  }

  /** @param {Me | null} me */
  #sayWhoMayListen(me) {
    const open = me?.access === "lan";
    const link = find("devices-link", HTMLAnchorElement);
    find("access-note", HTMLElement).hidden = !open && !isAdmin(me);
    link.hidden = !isAdmin(me);
    say(find("access-text", HTMLElement), open ? "Anybody at home can listen." : "");
    say(link, open ? "Require pairing?" : "Devices and players");
  }

  #sayWhereToOpen() {
    const onlyHere = LOOPBACK.has(location.hostname);
    find("here", HTMLElement).hidden = onlyHere;
    find("here-only", HTMLElement).hidden = !onlyHere;
    say(find("address", HTMLElement), new URL(".", location.href).href);
  }

  #showStreams() {
    const { streams } = this.#relay;
    const live = new Set(streams.map((stream) => stream.stream_id));
    for (const id of [...this.#cards.keys()]) if (!live.has(id)) this.#forget(id);
    for (const stream of streams) {
      const card = this.#cards.get(stream.stream_id);
      if (card) card.update(stream);
      else this.#add(new StreamCard(stream, this.#audioPort, this.#makeLink));
    }
    this.#empty.hidden = streams.length > 0;
    document.title = streams.length ? `${counted(streams.length, "stream")} · Earshot` : "Earshot";
    this.#watch();
  }

  /** @param {StreamCard} card */
  #add(card) {
    this.#cards.set(card.stream.stream_id, card);
    this.#list.prepend(card.element); // the newest first
  }

  /** @param {string} id */
  #forget(id) {
    this.#cards.get(id)?.element.remove();
    this.#cards.delete(id);
  }

  /** Ask for levels only while they are seen: they cost the relay a decoder each. */
  #watch() {
    this.#relay.watch(document.visibilityState === "visible" ? this.#cards.keys() : []);
  }

  /** @param {string} id */
  #tellEnd(id) {
    const card = this.#cards.get(id);
    if (card) say(this.#news, `${titleOf(card.stream)} has ended.`);
  }

  #lineChanged() {
    if (this.#relay.state === "open") showTrouble(null);
    if (this.#relay.state !== "waiting") return;
    showTrouble(
      "Earshot is not reachable. Is it running, and is this device in the home network? Trying again by itself.",
    );
    for (const id of [...this.#cards.keys()]) this.#forget(id);
    this.#empty.hidden = true;
  }

  /** @param {RelayError} error */
  #complain(error) {
    // A stream that ends while its levels are asked for is no news.
    if (error.code === "stream_not_found" || error.code === "stream_ended") return;
    // Nor is it to a device that may only speak.
    if (error.request === "subscribe_visualization" && error.code === "not_allowed") return;
    showTrouble(errorText(error));
  }
}

/**
 * Make an address that lets a player in for a while.
 *
 * @param {string} stream
 * @returns {Promise<string>}
 */
async function makeLink(stream) {
  return (await ask("POST", "api/links", { stream })).url;
}

new HomePage(...(await Promise.all([askAudioPort(), askWhoIAm()])));
