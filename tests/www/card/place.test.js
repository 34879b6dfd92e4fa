import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Ingress, findApp } from "../../../www/card/ingress.js";
import { findPlace } from "../../../www/card/place.js";

const HERE = "http://homeassistant.local:8123/lovelace/0";
const FROM_THE_APP = "http://homeassistant.local:8080/";
const FROM_HERE = "http://homeassistant.local:8123/earshot/";
const SLUG = "5c53de3b_earshot";

/** A Supervisor, and what Home Assistant lets a user ask it. */
class FakeHouse {
  sessions = 0;
  valid = new Set();
  state = "started";
  commands = true;
  admin = true;
  installed = true;
  asked = [];
  hass = { callWS: (message) => this.answer(message), config: { components: ["hassio"] }, panels: {} };

  async answer({ type, endpoint = "", data, ...rest }) {
    this.asked.push(endpoint || type);
    if (type.startsWith("supervisor/ingress/") && !this.commands) throw { code: "unknown_command" };
    if (endpoint === "/addons") {
      if (!this.admin) throw { code: "unauthorized" };
      return { addons: [{ slug: "core_mosquitto" }, ...(this.installed ? [{ slug: SLUG }] : [])] };
    }
    if (/ingress\/session$/.test(endpoint || type)) {
      this.valid.add(`session ${++this.sessions}`);
      return { session: `session ${this.sessions}` };
    }
    if (/validate_session$/.test(endpoint || type)) {
      if (!this.valid.has(rest.session ?? data.session)) throw { code: "unknown_error" };
      return;
    }
    return { state: this.state, ingress_url: `/api/hassio_ingress/${rest.slug ?? SLUG}-token/` };
  }
}

let house, cookies;

beforeEach(() => {
  house = new FakeHouse();
  cookies = [];
  globalThis.document = { set cookie(cookie) { cookies.push(cookie); } }; // prettier-ignore
});

const find = ({ url = null, slug = null, origin = FROM_THE_APP, page = HERE } = {}) =>
  findPlace({ config: { url, slug }, hass: house.hass, origin, pageAddress: page });

describe("where Earshot is", () => {
  test("is what the card was told, before all else", async () => {
    const { address, ingress } = await find({ url: "http://192.168.1.9:8080/" });
    assert.deepEqual([address, ingress], ["http://192.168.1.9:8080/", null]);
    assert.deepEqual(house.asked, []);
  });

  test("is beyond ingress where the app is installed, with a session in a cookie of that path", async () => {
    const { address } = await find({ slug: "a" });
    assert.equal(address, "http://homeassistant.local:8123/api/hassio_ingress/a-token/");
    assert.deepEqual(cookies, [
      "ingress_session=session 1;path=/api/hassio_ingress/;SameSite=Strict",
    ]);
  });

  test("is found by its panel, which also those see who are no admins", async () => {
    house.admin = false;
    house.hass.panels = { map: { url_path: "map" }, [SLUG]: { url_path: SLUG } };
    assert.equal(await findApp(house.hass), SLUG);
    assert.deepEqual(house.asked, []);
  });

  test("is found among the apps by an admin, and no other app is taken for it", async () => {
    assert.equal(await findApp(house.hass), SLUG);
    house.installed = false;
    assert.equal(await findApp(house.hass), null);
  });

  test("is asked the older way where Home Assistant does not know the newer", async () => {
    house.commands = false;
    await find({ slug: "b" });
    assert.ok(house.asked.includes("/addons/b/info"));
    assert.ok(house.asked.includes("/ingress/session"));
  });

  test("is where the card came from, if there is no such app", async () => {
    house.installed = false;
    assert.equal((await find()).address, FROM_THE_APP);
    house.hass.config.components = [];
    assert.equal((await find()).address, FROM_THE_APP);
  });

  test("is there too for whom Home Assistant does not let through", async () => {
    house.admin = false;
    assert.equal((await find()).address, FROM_THE_APP);
    await assert.rejects(find({ origin: FROM_HERE }), { obstacle: "not_allowed" });
  });

  test("is behind the integration, where there is no app or no way to it", async () => {
    house.hass.config.components.push("earshot");
    house.admin = false;
    for (const origin of [FROM_HERE, FROM_THE_APP]) {
      const { address, by, WebSocket } = await find({ origin });
      assert.equal(address, "http://homeassistant.local:8123/api/earshot/ws");
      assert.equal(by, "integration");
      assert.ok(WebSocket);
    }
    house.hass.config.components = ["earshot"];
    assert.equal((await find({ origin: FROM_HERE })).by, "integration");
  });

  test("is beyond ingress even so where that is open: there Earshot knows who comes", async () => {
    house.hass.config.components.push("earshot");
    assert.equal((await find({ slug: "e" })).by, "ingress");
  });

  test("is unknown to a card that Home Assistant itself serves without the app", async () => {
    house.installed = false;
    await assert.rejects(find({ origin: FROM_HERE }), { obstacle: "nowhere" });
  });

  test("is nowhere while the app is off", async () => {
    house.state = "stopped";
    await assert.rejects(find({ slug: "c" }), { obstacle: "app_off" });
  });

  test("cannot be reached without https by a page that has it", async () => {
    const there = "http://192.168.1.9:8080/";
    await assert.rejects(find({ url: there, page: "https://house.example/" }), {
      obstacle: "mixed",
      detail: there,
    });
  });

  test("is not known when Home Assistant fails, and its words are kept", async () => {
    house.hass.callWS = async () => {
      throw { code: "unknown_error", message: "the Supervisor is busy" };
    };
    await assert.rejects(find({ slug: "d" }), {
      obstacle: "home_assistant",
      detail: "the Supervisor is busy",
    });
  });
});

describe("the session", () => {
  test("is kept as long as it is good, and made anew after that", async () => {
    const way = new Ingress(house.hass, SLUG);
    await way.renew();
    await way.renew();
    assert.equal(house.sessions, 1);
    house.valid.clear();
    await way.renew();
    assert.equal(house.sessions, 2);
    assert.equal(cookies.length, 2);
  });

  test("is one for all who ask at the same time", async () => {
    const way = new Ingress(house.hass, SLUG);
    await Promise.all([way.renew(), way.renew()]);
    assert.equal(house.sessions, 1);
  });

  test("is renewed every minute while any card is there, and no longer", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const way = new Ingress(house.hass, SLUG);
    way.hold();
    way.hold();
    t.mock.timers.tick(60_000);
    way.release();
    t.mock.timers.tick(60_000);
    assert.equal(house.asked.length, 1); // the second comes while the first is under way
    await way.renew();
    way.release();
    const asked = house.asked.length;
    t.mock.timers.tick(600_000);
    assert.equal(house.asked.length, asked);
  });
});
