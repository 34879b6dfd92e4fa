/** The page on which an admin lets devices and players in, and sends them away. */

import { ask } from "./api.js";
import { CodeView } from "./code-view.js";
import { find, say } from "./element.js";
import { MonitorForm } from "./monitor-form.js";
import { PeopleList } from "./people-list.js";
import { PlayerForm } from "./player-form.js";
import { apiErrorText } from "./text.js";
import { showTrouble } from "./trouble.js";
import { askWhoIAm, isAdmin, isStranger, pairingAddress } from "./who-am-i.js";

/** @import { Device } from "./api.js" */
/** @import { Me } from "./who-am-i.js" */

const LOOK_MS = 15_000;
const LOOK_WHILE_OPEN_MS = 1500;

const MODES = {
  lan: {
    title: "Anybody at home can listen",
    text: "Every phone, tablet and player in your home network gets in without asking. Require pairing? Whoever was not let in by name then loses the sound at once.",
    action: "Require pairing",
    other: "paired",
  },
  paired: {
    title: "Only those you let in",
    text: "Devices are paired, players have a key, and whoever comes through Home Assistant has logged in there. Everybody else is asked for a code.",
    action: "Open to everybody at home",
    other: "lan",
  },
};

class DevicesPage {
  #me;
  #code = new CodeView(() => this.#attempt(() => this.#issue()));
  #people;
  #switch = find("switch", HTMLButtonElement);
  /** @type {Set<string>} */
  #known = new Set();

  /** @param {Me} me an admin */
  constructor(me) {
    this.#me = me;
    this.#people = new PeopleList(
      me.device_id,
      (id, change) => this.#attempt(() => ask("PATCH", `api/devices/${id}`, { ...change })),
      (id) => this.#attempt(() => ask("DELETE", `api/devices/${id}`)),
    );
    new PlayerForm((name, stream) =>
      this.#attempt(() => ask("POST", "api/devices", { name, stream })),
    );
    new MonitorForm((name) => this.#attempt(() => ask("POST", "api/monitors", { name })));
    find("left", HTMLElement).hidden = find("right", HTMLElement).hidden = false;
    this.#sayWhoIAm();
    this.#showMode();
    this.#switch.addEventListener("click", () => void this.#attempt(() => this.#switchMode()));
    void this.#attempt(async () => {});
    setInterval(() => this.#lookIfSeen(), LOOK_MS);
    setInterval(() => this.#code.isOpen && this.#lookIfSeen(), LOOK_WHILE_OPEN_MS);
  }

  #sayWhoIAm() {
    const { trust, name } = this.#me;
    const words = trust === "ingress" ? `You come through Home Assistant` : "You are paired";
    say(find("me", HTMLElement), name ? `${words} as “${name}”.` : `${words}.`);
  }

  /**
   * Do something, tell what went wrong, and look how it is afterwards.
   *
   * @template Answer
   * @param {() => Promise<Answer>} action
   * @returns {Promise<Answer | null>} null: it went wrong
   */
  async #attempt(action) {
    try {
      const answer = await action();
      await this.#look();
      showTrouble(null);
      return answer;
    } catch (error) {
      showTrouble(apiErrorText(error));
      return null;
    }
  }

  #lookIfSeen() {
    if (document.visibilityState === "visible") void this.#attempt(async () => {});
  }

  async #look() {
    /** @type {{ devices: Device[], code_open: boolean }} */
    const { devices, code_open } = await ask("GET", "api/devices");
    const added = devices.filter(({ id }) => !this.#known.has(id));
    if (this.#code.isOpen && !code_open) {
      this.#code.close(added.find(({ kind }) => kind === "device")?.name ?? null);
    }
    this.#known = new Set(devices.map(({ id }) => id));
    this.#people.show(devices);
  }

  async #issue() {
    const chosen = document.querySelector("#roles input:checked");
    const roles = chosen instanceof HTMLInputElement ? chosen.value.split(" ") : [];
    this.#code.show(await ask("POST", "api/pairing", { roles }));
  }

  async #switchMode() {
    const { access } = await ask("PUT", "api/access", { access: MODES[this.#me.access].other });
    this.#me.access = access;
    this.#showMode();
  }

  #showMode() {
    const { title, text, action } = MODES[this.#me.access];
    say(find("access-title", HTMLElement), title);
    say(find("access-text", HTMLElement), text);
    say(this.#switch, action);
    this.#switch.classList.toggle("primary", this.#me.access === "lan");
  }
}

const me = await askWhoIAm();
if (me !== null && isAdmin(me)) new DevicesPage(me);
else if (isStranger(me)) location.replace(pairingAddress(location.href));
else if (me === null) showTrouble("Earshot does not answer. Reload the page when it runs.");
else find("not-admin", HTMLElement).hidden = false;
