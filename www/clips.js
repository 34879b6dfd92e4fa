/** The page with clips of sound events and recordings. */

import { ask } from "./api.js";
import { ClipList } from "./clip-list.js";
import { find } from "./element.js";
import { apiErrorText } from "./text.js";
import { showTrouble } from "./trouble.js";
import { askWhoIAm, isAdmin, isStranger, pairingAddress } from "./who-am-i.js";

const LOOK_MS = 15_000;

class ClipsPage {
  #list;

  /** @param {boolean} admin */
  constructor(admin) {
    const remove = (/** @type {string} */ id) =>
      void this.#attempt(() => ask("DELETE", `api/clips/${id}`));
    this.#list = new ClipList(find("clips", HTMLElement), admin ? remove : null);
    void this.#attempt(async () => {});
    setInterval(() => {
      if (!document.hidden) void this.#attempt(async () => {});
    }, LOOK_MS);
  }

  /** @param {() => Promise<unknown>} action after which the list is shown anew */
  async #attempt(action) {
    try {
      await action();
      const { clips } = await ask("GET", "api/clips");
      this.#list.show(clips);
      find("none", HTMLElement).hidden = clips.length > 0;
      showTrouble(null);
    } catch (error) {
      showTrouble(apiErrorText(error));
    }
  }
}

const me = await askWhoIAm();
if (isStranger(me)) location.replace(pairingAddress(location.href));
else new ClipsPage(isAdmin(me));
