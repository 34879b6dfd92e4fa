/** Making and finding elements; text goes in as text, never as markup. */

/**
 * Make an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Make an icon of icons.css, which says nothing to screen readers.
 *
 * @param {string} name
 */
export function icon(name) {
  return element("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}

/**
 * Find an element that the page's HTML is known to have.
 *
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} Kind
 * @returns {Kind}
 */
export function find(id, Kind) {
  const found = document.getElementById(id);
  if (found instanceof Kind) return found;
  throw new Error(`the page has no ${Kind.name} #${id}`);
}

/**
 * Say something in an element, but only if it is new: live regions repeat what is set again.
 *
 * @param {HTMLElement} target
 * @param {string} text
 */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
