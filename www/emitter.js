/** An object that tells others what happens to it, with typed events. */

/**
 * @template {Record<string, any>} Events
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /**
   * Call `listener` at every event of a type.
   *
   * @template {keyof Events} Type
   * @param {Type} type
   * @param {(detail: Events[Type]) => void} listener
   * @returns {() => void} ends it; calling it twice is harmless
   */
  on(type, listener) {
    let listeners = this.#listeners.get(type);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(type, listeners);
    }
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /**
   * Tell everybody, in the order they asked. For the object itself.
   *
   * @template {keyof Events} Type
   * @param {Type} type
   * @param {Events[Type]} detail
   */
  emit(type, detail) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      listener(detail);
    }
  }
}
