/** Copying, also on pages that are not secure, where the modern way is withheld. */

/**
 * Copy the text of an element; where that is refused the text is left selected.
 *
 * @param {HTMLElement} source
 * @returns {Promise<boolean>} whether it is in the clipboard
 */
export async function copyTextOf(source) {
  getSelection()?.selectAllChildren(source);
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
