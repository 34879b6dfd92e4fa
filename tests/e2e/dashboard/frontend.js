/** What a dashboard's page gives to its cards, as far as a card can tell. */

const CARD_STYLE = `
  :host {
    display: block;
    box-sizing: border-box;
    border: 1px solid var(--divider-color);
    border-radius: var(--ha-card-border-radius);
    background: var(--card-background-color);
    color: var(--primary-text-color);
  }
`;

customElements.define(
  "ha-card",
  class extends HTMLElement {
    constructor() {
      super();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CARD_STYLE);
      const shadow = this.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [sheet];
      shadow.append(document.createElement("slot"));
    }
  },
);

/** Rejects with an object, not with an error, as the real one does. */
async function callWS(message) {
  const answer = await (await fetch("command", { method: "POST", body: JSON.stringify(message) })).json();
  if (answer.error) throw answer.error;
  return answer.result;
}

/** Load a resource and put one of its cards on the dashboard. */
async function put({ resource, type, options, house }) {
  await import(resource);
  await customElements.whenDefined(type);
  const card = document.createElement(type);
  card.setConfig({ type: `custom:${type}`, ...options });
  window.house = {
    callWS,
    config: { components: ["frontend", "lovelace"] },
    panels: {},
    locale: { language: "en" },
    user: { name: "Anna" },
    ...house,
  };
  card.hass = window.house;
  document.querySelector("main").append(card);
  window.card = card;
}

/** What changes in a house comes to its cards as a new object. */
window.change = (part) => {
  window.house = { ...window.house, ...part };
  window.card.hass = window.house;
};

/** What the editor of dashboards learns about a card. */
window.describe = (card) => {
  const { schema, computeLabel, computeHelper, assertConfig } = card.constructor.getConfigForm();
  const told = (tell) => Object.fromEntries(schema.map((field) => [field.name, tell(field)]));
  let asserted = null;
  try {
    assertConfig({ ...card.constructor.getStubConfig(), talk: "shout" });
  } catch (error) {
    asserted = error.message;
  }
  return {
    labels: told(computeLabel),
    help: told(computeHelper),
    asserted,
    listed: window.customCards.map(({ type }) => type),
    size: card.getCardSize(),
    grid: card.getGridOptions(),
  };
};

await put(JSON.parse(new URLSearchParams(location.search).get("card")));
