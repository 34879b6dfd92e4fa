/** <signal-bars>: how good a line is, as bars that people know from their phones. */

/** @typedef {"good" | "weak" | "bad"} Line */

const BARS = 3;

export class SignalBars extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "img");
    for (let bar = this.children.length; bar < BARS; bar++) {
      this.append(document.createElement("i"));
    }
    if (!this.hasAttribute("aria-label")) this.show(null, "");
  }

  /**
   * @param {Line | null} line null: nothing is known yet, and nothing is shown
   * @param {string} label the same in words
   */
  show(line, label) {
    this.hidden = line === null;
    if (line) this.dataset.line = line;
    else delete this.dataset.line;
    this.setAttribute("aria-label", label);
    this.title = label;
  }
}

customElements.define("signal-bars", SignalBars);
