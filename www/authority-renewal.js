/** The authority that takes over: how a device trusts it before, and how an admin prepares it. */

import { ask } from "./api.js";
import { find, say } from "./element.js";
import { apiErrorText } from "./text.js";
import { askWhoIAm, isAdmin } from "./who-am-i.js";

/** @import { TlsState } from "./tls-state.js" */

const SURE_MS = 5000;

export class AuthorityRenewal {
  #next = find("next", HTMLElement);
  #download = find("next-download", HTMLAnchorElement);
  #admin = find("renewal", HTMLElement);
  #prepare = find("prepare", HTMLButtonElement);
  #switch = find("switch", HTMLButtonElement);
  #changed;
  #sure = false;

  /** @param {(tls: TlsState) => void} changed called when an admin has changed something */
  constructor(changed) {
    this.#changed = changed;
    this.#prepare.addEventListener("click", () => void this.#change("POST"));
    this.#switch.addEventListener("click", () => this.#switchIfSure());
    void askWhoIAm().then((me) => (this.#admin.hidden = !isAdmin(me)));
  }

  /** @param {TlsState | null} tls */
  show(tls) {
    const fingerprint = tls?.next_authority_fingerprint;
    this.#next.hidden = !fingerprint;
    this.#switch.hidden = !fingerprint;
    if (!fingerprint) return;
    const from = new Date(tls.next_authority_from ?? "").toLocaleDateString();
    say(find("next-from", HTMLElement), from);
    say(find("next-fingerprint", HTMLElement), fingerprint);
  }

  /** @param {string} file with which this system takes over the one of today */
  offer(file) {
    this.#download.href = file.replace(/\.\w+$/, "-next$&");
  }

  #switchIfSure() {
    if (this.#sure) return void this.#change("PUT");
    this.#isSure(true);
    setTimeout(() => this.#isSure(false), SURE_MS);
  }

  /** @param {boolean} sure */
  #isSure(sure) {
    this.#sure = sure;
    say(this.#switch, sure ? "Really? Others will be warned" : "Switch to the next one now");
  }

  /** @param {"POST" | "PUT"} method */
  async #change(method) {
    const trouble = find("renewal-trouble", HTMLElement);
    try {
      this.#changed(await ask(method, "api/tls/authority", {}));
      trouble.hidden = true;
    } catch (error) {
      say(trouble, apiErrorText(error));
      trouble.hidden = false;
    }
  }
}
