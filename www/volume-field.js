/** The volume of this page, remembered; absent where the system keeps it to its own buttons. */

import { find } from "./element.js";
import { recall, remember } from "./memory.js";

/** @import { Player } from "./player.js" */

/**
 * @param {Pick<Player, "setVolume">} player
 */
export function bindVolume(player) {
  const input = find("volume", HTMLInputElement);
  const adjustable = player.setVolume(0.5);
  find("volume-field", HTMLElement).hidden = !adjustable;
  const note = document.getElementById("volume-note");
  if (note) note.hidden = adjustable;
  input.value = recall("volume") ?? "100";
  const apply = () => {
    // Squared, because loudness is felt that way: the middle of the slider sounds half as loud.
    player.setVolume((Number(input.value) / 100) ** 2);
  };
  input.addEventListener("input", apply);
  input.addEventListener("change", () => remember("volume", input.value));
  apply();
}
