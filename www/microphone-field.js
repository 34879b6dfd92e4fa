/** The list of microphones to choose from, remembered. */

import { element, find } from "./element.js";
import { recall, remember } from "./memory.js";

/** @import { Microphone } from "./microphone.js" */

export class MicrophoneField {
  #select = find("microphone", HTMLSelectElement);
  #wanted = recall("microphone") ?? "";

  /**
   * @param {Microphone} microphone
   * @param {() => void} changed called when the person has chosen another one
   */
  constructor(microphone, changed) {
    microphone.on("devices", (devices) => this.#show(devices));
    this.#select.addEventListener("change", () => {
      this.#wanted = this.#select.value;
      remember("microphone", this.#wanted);
      changed();
    });
  }

  /** The chosen device's id; empty for the standard one. */
  get value() {
    return this.#wanted;
  }

  /** @param {MediaDeviceInfo[]} devices */
  #show(devices) {
    const named = devices.filter(({ deviceId }) => deviceId !== "default");
    const options = named.map(({ deviceId, label }, place) =>
      element("option", { value: deviceId }, label || `Microphone ${place + 1}`),
    );
    this.#select.replaceChildren(
      element("option", { value: "" }, "Standard microphone"),
      ...options,
    );
    const present = named.some(({ deviceId }) => deviceId === this.#wanted);
    this.#select.value = present ? this.#wanted : "";
  }
}
