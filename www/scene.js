/** The state of the whole page: its colour, its title, and the big button's look. */

/** @import { TalkState } from "./push-to-talk.js" */
/** @import { SenderPhase } from "./sending-status.js" */

/**
 * Turn the whole page.
 *
 * @param {"calm" | "air" | "lost"} scene
 * @param {string} title
 */
export function setScene(scene, title) {
  if (scene === "calm") delete document.body.dataset.scene;
  else document.body.dataset.scene = scene;
  document.title = `${title} · Earshot`;
}

/**
 * What a sending page shows.
 *
 * @typedef {Object} AirText
 * @property {"calm" | "air" | "lost"} scene
 * @property {"off" | "on" | "muted"} air
 * @property {string} headline
 * @property {string} subline
 * @property {string} label on the button
 * @property {string} mark before the page's title
 */

/**
 * How it stands with what is sent.
 *
 * @param {Object} facts
 * @param {SenderPhase} facts.phase
 * @param {TalkState} facts.talk
 * @param {boolean} facts.opening whether the microphone is still being opened
 * @param {boolean} facts.vanished whether the microphone is gone
 * @param {boolean} facts.stalled whether no sound arrives at the relay
 * @param {boolean} facts.mutedByHouse whether the relay passes none of the sound on
 * @param {string} facts.name
 * @returns {AirText}
 */
export function airText({ phase, talk, opening, vanished, stalled, mutedByHouse, name }) {
  const talking = talk !== "off";
  if (opening) {
    return calm("Opening the microphone…", "Allow it if the browser asks.", "One moment", "◌");
  }
  if (vanished && phase !== "idle") {
    return lost(
      "The microphone is gone",
      "It was disconnected. Connect it again, or choose another one.",
    );
  }
  switch (phase) {
    case "connecting":
      return calm("Connecting…", "Nobody hears you yet.", talking ? "Connecting" : "Muted", "◌");
    case "lost":
      return lost("Nobody hears you", "The connection to Earshot is lost. Trying again by itself.");
    case "live":
      if (stalled) {
        return lost(
          "No sound arrives",
          "Earshot is reached but gets no sound. Check the microphone.",
        );
      }
      if (mutedByHouse) return notPassedOn(name);
      return talking ? onAir(talk, name) : muted(name);
    default:
      return calm("", "", "", "");
  }
}

/**
 * @param {TalkState} talk
 * @param {string} name
 * @returns {AirText}
 */
function onAir(talk, name) {
  const label = talk === "held" ? "Release to mute" : "Tap to mute";
  return {
    scene: "air",
    air: "on",
    headline: "On air",
    subline: `The house can hear ${name}.`,
    label,
    mark: "● On air:",
  };
}

/**
 * @param {string} name
 * @returns {AirText}
 */
function muted(name) {
  return {
    scene: "calm",
    air: "muted",
    headline: "Muted",
    subline: `${name} stays connected and sends silence.`,
    label: "Tap or hold to talk",
    mark: "○ Muted:",
  };
}

/**
 * @param {string} name
 * @returns {AirText}
 */
function notPassedOn(name) {
  return {
    scene: "calm",
    air: "muted",
    headline: "Muted by the house",
    subline: `Nobody hears ${name}, whatever is tapped here. Home Assistant lets it through again.`,
    label: "Not passed on",
    mark: "○ Muted:",
  };
}

/**
 * @param {string} headline
 * @param {string} subline
 * @returns {AirText}
 */
function lost(headline, subline) {
  return { scene: "lost", air: "off", headline, subline, label: "Not heard", mark: "▲ Not heard:" };
}

/**
 * @param {string} headline
 * @param {string} subline
 * @param {string} label
 * @param {string} mark
 * @returns {AirText}
 */
function calm(headline, subline, label, mark) {
  return { scene: "calm", air: "off", headline, subline, label, mark };
}
