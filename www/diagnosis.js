/**
 * What is right and what is wrong between this device and Earshot, worked out from facts.
 *
 * Rule 1: a row that was not tested says so; nothing is guessed.
 * Rule 2: whatever is not good comes with its fix, in words.
 */

/** @import { TlsState } from "./tls-state.js" */

/** @typedef {"good" | "warn" | "bad" | "open"} RowState */

/**
 * @typedef {Object} Row
 * @property {string} title
 * @property {RowState} state
 * @property {string} finding
 * @property {string | null} fix
 */

/**
 * What was found out; undefined: not yet.
 *
 * @typedef {Object} Facts
 * @property {string} origin of the page, without what may be secret behind it
 * @property {string} prefix the path at which Earshot is served, "/" without a proxy
 * @property {boolean} secure
 * @property {"granted" | "denied" | "prompt" | "unknown"} [permission] of the microphone
 * @property {number | null} [microphones] null: the browser has none for pages
 * @property {TlsState | null} [tls] null: the address beside the page is not answered by Earshot
 * @property {boolean | null} [answers] over https; null: there is none to ask
 * @property {number | null} [line_ms] until the WebSocket was open; null: it was not
 * @property {"arrives" | "lost" | "nothing"} [sound] `nothing` is on the air
 * @property {number | null} [clock_s] how far this device's clock is ahead; null: not known
 * @property {"plays" | "waits" | "unknown"} [autoplay]
 * @property {MediaFacts | null} [media]
 */

/** @typedef {{port: number, addresses: string[]}} MediaFacts */

const CLOCK_S = 120; // browsers forgive days; logs and alarms do not
const SLOW_LINE_MS = 1000;

/**
 * @param {Facts} facts
 * @returns {Row[]}
 */
export function diagnose(facts) {
  return [
    secureRow(facts),
    permissionRow(facts),
    microphonesRow(facts),
    certificateRow(facts),
    lineRow(facts),
    soundRow(facts),
    isolationRow(facts),
    clockRow(facts),
    autoplayRow(facts),
    prefixRow(facts),
  ];
}

/**
 * @param {string} title
 * @param {RowState} state
 * @param {string} finding
 * @param {string | null} [fix]
 * @returns {Row}
 */
function row(title, state, finding, fix = null) {
  return { title, state, finding, fix };
}

/** @param {string} title */
function looking(title) {
  return row(title, "open", "Looking…");
}

/** @param {Facts} facts */
function secureRow({ secure }) {
  const title = "Secure page";
  return secure
    ? row(title, "good", "The browser takes this page for secure, so it may have a microphone.")
    : row(
        title,
        "warn",
        "This page came over plain http. Listening works; the microphone does not.",
        "Open “Trust this server”, do its steps once, and use the https address.",
      );
}

/** @param {Facts} facts */
function permissionRow({ permission, secure }) {
  const title = "Permission for the microphone";
  if (permission === "denied" && !secure) {
    return row(title, "open", "Not tested: browsers refuse it to every page that is not secure.");
  }
  switch (permission) {
    case undefined:
      return looking(title);
    case "granted":
      return row(title, "good", "Allowed.");
    case "prompt":
      return row(title, "good", "The browser asks when the microphone is used for the first time.");
    case "denied":
      return row(
        title,
        "bad",
        "Refused.",
        "Allow it in the browser’s site settings (the sign beside the address), and on a phone also for the browser in the system’s settings.",
      );
    default:
      return row(title, "open", "Not tested: this browser does not tell before it asks.");
  }
}

/** @param {Facts} facts */
function microphonesRow({ microphones, secure }) {
  const title = "Microphones";
  if (microphones === undefined) return looking(title);
  if (microphones === null) {
    return row(
      title,
      "warn",
      "This browser gives this page no microphones at all.",
      secure
        ? "Use a current Chrome, Firefox, Edge or Safari, outside of apps that show web pages inside themselves."
        : "They come with a secure page; see above.",
    );
  }
  if (microphones === 0) {
    return row(title, "warn", "None found.", "To send from this device, connect one.");
  }
  return row(title, "good", microphones === 1 ? "One found." : `${microphones} found.`);
}

/** @param {Facts} facts */
function certificateRow({ tls, answers, origin }) {
  const title = "Certificate for this address";
  if (tls === undefined || answers === undefined) return looking(title);
  if (tls === null) return row(title, "open", "Not tested: Earshot does not answer.");
  if (!tls.https) {
    return row(title, "warn", "Https is switched off.", "Set the option ssl to true.");
  }
  const problem = tls.problem ? ` Earshot says: ${tls.problem}.` : "";
  if (answers) {
    const left = tls.days_left === undefined ? "" : ` for ${tls.days_left} more days`;
    const good = `This browser trusts it under ${hostOf(origin)}, and it is valid${left}.`;
    return tls.problem
      ? row(title, "warn", good, problem.trim())
      : row(title, "good", good);
  }
  if (!tls.covered) {
    const names = (tls.names ?? []).join(", ");
    return row(
      title,
      "warn",
      `It is not for ${tls.host}, but for ${names}.${problem}`,
      "Use one of these addresses, or add this one to the option host_names and restart Earshot.",
    );
  }
  return row(
    title,
    "warn",
    `It is for ${tls.host}, but over https this browser gets no answer.${problem}`,
    `Open “Trust this server” and do its steps. If they are done, open TCP port ${tls.https_port} in the firewall of Earshot’s machine.`,
  );
}

/** @param {Facts} facts */
function lineRow({ line_ms, prefix }) {
  const title = "WebSocket";
  if (line_ms === undefined) return looking(title);
  if (line_ms === null) {
    return row(
      title,
      "bad",
      "The page came, but its line to Earshot does not open.",
      prefix === "/"
        ? "A security program or a proxy on the way may cut WebSockets: try without it."
        : "The proxy in front of Earshot has to pass on the headers Upgrade and Connection.",
    );
  }
  return line_ms > SLOW_LINE_MS
    ? row(
        title,
        "warn",
        `Open, but only after ${Math.round(line_ms)} ms.`,
        "The network is slow here: go nearer to the access point.",
      )
    : row(title, "good", `Open after ${Math.round(line_ms)} ms.`);
}

/** @param {Facts} facts */
function soundRow({ sound, line_ms, media }) {
  const title = "Live sound (UDP)";
  const port = media?.port ?? 8082;
  if (line_ms === null) return row(title, "open", "Not tested: there is no line to Earshot.");
  switch (sound) {
    case undefined:
      return looking(title);
    case "arrives":
      return row(title, "good", `Packets from UDP port ${port} arrive here.`);
    case "nothing":
      return row(
        title,
        "open",
        "Not tested: nothing is on the air.",
        "Send from another device, or start Earshot with --demo, and check again.",
      );
    case "lost": {
      const where = media?.addresses.length ? ` of ${media.addresses.join(" or ")}` : "";
      return row(
        title,
        "bad",
        `A stream is on the air, but no packet from UDP port ${port}${where} arrives.`,
        `Open UDP port ${port} in the firewall of Earshot’s machine (sudo ufw allow ${port}/udp). If this device cannot reach that address, set the option media_addresses to one that it can.`,
      );
    }
  }
}

/** @param {Facts} facts */
function isolationRow({ sound, line_ms }) {
  const title = "Separated devices (client isolation)";
  if (line_ms === null) return row(title, "open", "Not tested: there is no line to Earshot.");
  switch (sound) {
    case undefined:
      return looking(title);
    case "arrives":
      return row(title, "good", "No: pages and sound both come through.");
    case "nothing":
      return row(title, "open", "Not tested: that takes a stream on the air.");
    case "lost":
      return row(
        title,
        "warn",
        "Possible: pages come through and sound does not. If the firewall is open, the network separates its devices.",
        "Leave the guest Wi-Fi, and switch off “AP isolation” or “client isolation” in the router. A VPN on this device does the same: switch it off to see.",
      );
  }
}

/** @param {Facts} facts */
function clockRow({ clock_s }) {
  const title = "Clock of this device";
  if (clock_s === undefined) return looking(title);
  if (clock_s === null) return row(title, "open", "Not tested: there is no line to Earshot.");
  const off_s = Math.round(Math.abs(clock_s));
  if (off_s <= CLOCK_S) {
    return row(title, "good", off_s < 2 ? "Right." : `Right, but for ${off_s} s.`);
  }
  return row(
    title,
    "warn",
    `${spanText(off_s)} ${clock_s > 0 ? "ahead of" : "behind"} Earshot’s.`,
    "Set date and time to automatic on both; with a wrong date no certificate is valid.",
  );
}

/** @param {number} seconds */
function spanText(seconds) {
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} minutes`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} hours`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** @param {Facts} facts */
function autoplayRow({ autoplay }) {
  const title = "Sound without a tap";
  switch (autoplay) {
    case undefined:
      return looking(title);
    case "plays":
      return row(title, "good", "The browser plays at once.");
    case "waits":
      return row(
        title,
        "warn",
        "The browser wants a tap on the page before it plays.",
        "Tap “Tap to listen” once. For a tablet on the wall allow sound for this site in the browser’s site settings.",
      );
    case "unknown":
      return row(title, "open", "Not tested: this browser does not tell.");
  }
}

/** @param {Facts} facts */
function prefixRow({ tls, prefix, origin }) {
  const title = "Address and path";
  if (tls === undefined) return looking(title);
  const where = `${origin}${prefix}`;
  if (tls === null) {
    return row(
      title,
      "bad",
      `What answers at ${where}api/tls is not Earshot.`,
      "If a proxy is in front of Earshot, it has to pass on every path below this one.",
    );
  }
  return row(
    title,
    "good",
    prefix === "/" ? `Direct: ${where}` : `Through a proxy that keeps its path: ${where}`,
  );
}

/** @param {string} origin */
function hostOf(origin) {
  return new URL(origin).hostname;
}

const WORDS = { good: "ok", warn: "look", bad: "broken", open: "not tested" };

/**
 * All of it as text to send to somebody: no names of streams, no keys, nothing behind the path.
 *
 * @param {Row[]} rows
 * @param {Object} context
 * @param {Date} context.now
 * @param {string} context.userAgent
 * @param {string} context.version of Earshot
 */
export function reportText(rows, { now, userAgent, version }) {
  return [
    `Earshot ${version}, ${now.toISOString()}`,
    userAgent,
    "",
    ...rows.map(({ title, state, finding }) => `[${WORDS[state]}] ${title}: ${finding}`),
  ].join("\n");
}
