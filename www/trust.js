/** The page on which a device comes to trust this server, and sees that it does. */

import { AuthorityRenewal } from "./authority-renewal.js";
import { element, find, icon, say } from "./element.js";
import { openLine, showLine } from "./relay-line.js";
import { answersOverHttps, askTls, httpsAddress, verdictOf } from "./tls-state.js";
import { SYSTEMS, systemOf, verdictText } from "./trust-text.js";

/** @import { TlsState, Verdict } from "./tls-state.js" */
/** @import { System } from "./trust-text.js" */

const AGAIN_MS = 5000;
const DONE = new Set(["here", "secure", "trusted"]);

class TrustPage {
  #steps = find("steps", HTMLDetailsElement);
  #chosen = systemOf(/** @type {any} */ (navigator));
  /** @type {Verdict | null} */
  #verdict = null;
  #looking = false;
  #renewal = new AuthorityRenewal((tls) => this.#showFacts(tls));

  constructor() {
    const again = () => void this.#look();
    find("again", HTMLButtonElement).addEventListener("click", again);
    document.addEventListener("visibilitychange", again);
    addEventListener("focus", again);
    setInterval(again, AGAIN_MS);
    this.#offerSystems();
    this.#showSteps();
    showLine(openLine());
    again();
  }

  async #look() {
    if (this.#looking || document.visibilityState === "hidden") return;
    if (this.#verdict !== null && DONE.has(this.#verdict)) return;
    this.#looking = true;
    const tls = await askTls();
    const asks = tls?.https && !isSecureContext;
    const answers = asks ? await answersOverHttps(location.href, tls.https_port) : false;
    const { hostname } = location;
    this.#show(verdictOf({ secure: isSecureContext, hostname, tls, answers }), tls);
    this.#looking = false;
  }

  /**
   * @param {Verdict} verdict
   * @param {TlsState | null} tls
   */
  #show(verdict, tls) {
    const text = verdictText(verdict, tls);
    const sign = find("verdict", HTMLElement);
    sign.dataset.state = text.state;
    say(sign, text.chip);
    say(find("headline", HTMLElement), text.headline);
    say(find("explanation", HTMLElement), text.explanation);
    find("again", HTMLElement).hidden = DONE.has(verdict);
    this.#showContinue(verdict, tls);
    this.#showNames(verdict, tls);
    this.#showFacts(tls);
    if (verdict !== this.#verdict) {
      this.#steps.hidden = !tls?.authority_fingerprint;
      this.#steps.open = verdict === "untrusted";
    }
    this.#verdict = verdict;
  }

  /**
   * @param {Verdict} verdict
   * @param {TlsState | null} tls
   */
  #showContinue(verdict, tls) {
    const link = find("continue", HTMLAnchorElement);
    link.hidden = !DONE.has(verdict);
    link.href =
      verdict === "trusted" && tls
        ? httpsAddress("send.html", location.href, tls.https_port)
        : "send.html";
  }

  /**
   * Offer the addresses under which it would work.
   *
   * @param {Verdict} verdict
   * @param {TlsState | null} tls
   */
  #showNames(verdict, tls) {
    const list = find("names", HTMLElement);
    list.hidden = verdict !== "uncovered";
    if (list.hidden) return;
    list.replaceChildren(
      ...(tls?.names ?? []).filter(isForOthers).sort(addressesFirst).map((name) => {
        const url = new URL(location.href);
        url.hostname = name.includes(":") ? `[${name}]` : name;
        return element("li", {}, element("a", { href: url.href }, url.host));
      }),
    );
  }

  /** @param {TlsState | null} tls */
  #showFacts(tls) {
    const address = tls?.pages.trust;
    find("phones", HTMLElement).hidden = !address;
    if (address) say(find("address", HTMLElement), address);
    const fingerprint = tls?.authority_fingerprint;
    find("identity", HTMLElement).hidden = !fingerprint;
    if (fingerprint) say(find("fingerprint", HTMLElement), fingerprint);
    this.#renewal.show(tls);
    const problem = find("problem", HTMLElement);
    problem.hidden = !tls?.problem;
    if (tls?.problem) say(problem, `Earshot says: ${tls.problem}.`);
  }

  #offerSystems() {
    const choice = find("systems", HTMLElement);
    const first = this.#chosen;
    const keys = /** @type {System[]} */ (Object.keys(SYSTEMS));
    for (const key of [first, ...keys.filter((other) => other !== first)]) {
      const input = element("input", { type: "radio", name: "system", value: key });
      input.checked = key === first;
      input.addEventListener("change", () => {
        this.#chosen = key;
        this.#showSteps();
      });
      const pill = element("span", { class: "pill" }, SYSTEMS[key].name);
      choice.append(element("label", {}, input, pill));
    }
  }

  #showSteps() {
    const { file, label, steps } = SYSTEMS[this.#chosen];
    const link = find("download", HTMLAnchorElement);
    link.href = file;
    link.replaceChildren(icon("download"), label);
    this.#renewal.offer(file);
    find("step-list", HTMLElement).replaceChildren(
      ...steps.map((step) => element("li", {}, step)),
      element("li", {}, "Come back to this page: it notices by itself."),
    );
  }
}

/** @param {string} name */
function isForOthers(name) {
  return name !== "localhost" && name !== "127.0.0.1" && name !== "::1";
}

/**
 * An address works everywhere, a name only where something knows it.
 *
 * @param {string} one
 * @param {string} other
 */
function addressesFirst(one, other) {
  const isAddress = (/** @type {string} */ name) => /^[\d.]+$|:/.test(name);
  return Number(isAddress(other)) - Number(isAddress(one));
}

new TrustPage();
