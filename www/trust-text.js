/** What the trust page says: how it stands, and the steps on each system. */

/** @import { TlsState, Verdict } from "./tls-state.js" */

/**
 * @typedef {Object} VerdictText
 * @property {"good" | "warn" | "open"} state
 * @property {string} chip
 * @property {string} headline
 * @property {string} explanation
 */

/**
 * @param {Verdict} verdict
 * @param {TlsState | null} tls
 * @returns {VerdictText}
 */
export function verdictText(verdict, tls) {
  switch (verdict) {
    case "here":
      return {
        state: "good",
        chip: "Ready",
        headline: "On this computer the microphone works as it is",
        explanation:
          "Browsers trust the computer they run on. Other devices open this page by the code here, and are shown what to do.",
      };
    case "secure":
      return {
        state: "good",
        chip: "Ready",
        headline: "This page is secure",
        explanation: "The browser gives it the microphone. There is nothing left to do here.",
      };
    case "trusted":
      return {
        state: "good",
        chip: "Trusted",
        headline: "This device trusts Earshot",
        explanation: "Over https, under the address that you use, its pages get the microphone.",
      };
    case "untrusted":
      return {
        state: "warn",
        chip: "Not yet",
        headline: "This device does not trust Earshot yet",
        explanation: untrustedText(tls),
      };
    case "uncovered":
      return {
        state: "warn",
        chip: "Another address",
        headline: `The certificate is not for ${tls?.host ?? "this address"}`,
        explanation:
          "Open this page by one of the addresses below, or add this one to the option host_names and restart Earshot.",
      };
    case "off":
      return {
        state: "warn",
        chip: "No https",
        headline: "Https is switched off",
        explanation:
          "Set the option ssl to true and restart Earshot, or open it through Home Assistant over https.",
      };
    case "unknown":
      return {
        state: "open",
        chip: "No answer",
        headline: "Earshot does not answer",
        explanation: "Is it running, and is this device in the home network? Trying again by itself.",
      };
  }
}

/** @param {TlsState | null} tls */
function untrustedText(tls) {
  if (tls?.source === "foreign") {
    return `Earshot shows the certificate of this house, but over https this browser gets no answer. Is TCP port ${tls.https_port} open in the firewall, and the date of this device right?`;
  }
  return `The steps below are needed once. If they are done: close the browser and open it again, and see that TCP port ${tls?.https_port ?? 8443} is open in the firewall.`;
}

/** @typedef {"ios" | "android" | "windows" | "macos" | "linux" | "firefox"} System */

/**
 * The steps on one system; each is a sentence, with the file to download before the first.
 *
 * @typedef {Object} SystemSteps
 * @property {string} name
 * @property {string} file
 * @property {string} label of the download
 * @property {string[]} steps
 */

const CERTIFICATE = { file: "ca.crt", label: "Download the certificate" };

/** @type {Record<System, SystemSteps>} */
export const SYSTEMS = {
  ios: {
    name: "iPhone, iPad",
    file: "earshot.mobileconfig",
    label: "Download the profile",
    steps: [
      "Download it in Safari, and choose Allow.",
      "Open the Settings. At the top is “Profile Downloaded”: tap it, then Install.",
      "In the Settings go to General → About → Certificate Trust Settings and switch “Earshot” on.",
    ],
  },
  android: {
    name: "Android",
    ...CERTIFICATE,
    steps: [
      "Download it.",
      "Open the Settings and search for “CA certificate”. (It is under Security → More security settings → Encryption & credentials → Install a certificate.)",
      "Choose CA certificate → Install anyway, and take earshot-ca.crt from the downloads.",
      "Use Chrome or another browser of the system. Android will say that the network may be monitored: this certificate says that it is for addresses of your house alone.",
    ],
  },
  windows: {
    name: "Windows",
    ...CERTIFICATE,
    steps: [
      "Download it, open it, and choose Install Certificate → Current User.",
      "Choose “Place all certificates in the following store” → Browse → Trusted Root Certification Authorities → Finish, and Yes.",
      "Close all windows of the browser and open it again.",
    ],
  },
  macos: {
    name: "Mac",
    ...CERTIFICATE,
    steps: [
      "Download it and open it: Keychain Access takes it into the keychain “login”.",
      "Double-click “Earshot on …” there, open Trust, and choose “Always Trust” for “When using this certificate”.",
      "Close the browser and open it again.",
    ],
  },
  linux: {
    name: "Linux, Chrome",
    ...CERTIFICATE,
    steps: [
      "Download it.",
      "In Chrome or Chromium go to Settings → Privacy and security → Security → Manage certificates → Local certificates → Custom: Installed by you.",
      "Under Trusted certificates choose Import, and take earshot-ca.crt.",
    ],
  },
  firefox: {
    name: "Firefox",
    ...CERTIFICATE,
    steps: [
      "Download it. On Windows, Mac and Android, Firefox trusts what the system trusts: follow those steps instead.",
      "On Linux go to Settings → Privacy & Security → Certificates → View Certificates → Authorities → Import.",
      "Take earshot-ca.crt, and tick “Trust this CA to identify websites”.",
    ],
  },
};

/**
 * Which steps are those of this device.
 *
 * @param {Object} browser a `Navigator`
 * @param {string} browser.userAgent
 * @param {number} browser.maxTouchPoints
 * @param {{platform: string}} [browser.userAgentData] not everywhere
 * @returns {System}
 */
export function systemOf({ userAgent, maxTouchPoints, userAgentData }) {
  const told = `${userAgentData?.platform ?? ""} ${userAgent}`;
  if (/iPhone|iPad|iPod/.test(told)) return "ios";
  if (/Android/.test(told)) return "android";
  if (/Windows/.test(told)) return "windows";
  // An iPad says that it is a Mac, but no Mac has a screen to be touched.
  if (/Mac/.test(told)) return maxTouchPoints > 1 ? "ios" : "macos";
  return /Firefox/.test(told) ? "firefox" : "linux";
}
