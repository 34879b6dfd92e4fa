/** The words that several pages use: what happened, and what to do about it. */

import { ApiError } from "./api.js";
import { endedOnPurpose } from "./end-reason.js";
import { LATEST } from "./live-streams.js";

/** @import { Status } from "./hearing-status.js" */
/** @import { Hearing, RelayError, StreamDetails } from "./protocol.js" */
/** @import { LineState } from "./relay-client.js" */

/** @type {Record<string, string>} */
const ERRORS = {
  name_taken:
    "Another device or page is live under this name. Stop it there, or choose another name here.",
  bad_name:
    "This name cannot be used. Take 1 to 40 characters with at least one letter a–z or digit; “latest”, “status” and names that begin with “stream_” are reserved.",
  replaced:
    "Another page on this device took over under the same name. Start again here to take it back.",
  session_gone: "Earshot does not know this connection any more. Making a new one.",
  negotiation_timeout:
    "No sound got through within 15 seconds. UDP to Earshot’s media port (8082, unless it was changed) is probably blocked: check the firewall, and that this device is in the home network.",
  peer_failed: "The connection for the sound broke. Trying again.",
  capacity_exceeded: "Earshot is full right now. Trying again; another device may have to leave.",
  bad_address: "Earshot cannot fetch sound from this address. See which ones it can in the manual.",
  not_allowed:
    "This device may not do that, or a rule of the house forbids it now. Whoever looks after Earshot can allow it.",
  wrong_code: "This code is wrong, used or too old. Ask for a new one.",
  too_many_attempts: "That was wrong too often. Wait a minute, then try again.",
  device_not_found: "This device or player is gone already.",
  hushed: "Its sender does not want to be heard here right now. In five minutes it is tried again.",
  stream_not_found: "Nobody sends under this name right now.",
  stream_ended: "This stream has ended.",
  format_not_available: "Earshot writes no such files here. Take CSV; the manual says what is missing.",
  analysis_off:
    "This room is not analysed: its analysis is switched off. An admin can switch it on, on the page History.",
  history_off: "History is switched off. The option “history” switches it on.",
  history_unavailable:
    "The history cannot be read right now; its log says why. Sound is not touched by that. Trying again.",
  no_format: "This browser and Earshot have no kind of sound in common. Update the browser.",
  bad_frame: "Earshot could not read the sound of this page. Reload the page.",
  no_opus:
    "This browser offers no Opus sound, which Earshot needs. Use a current Chrome, Firefox, Edge or Safari.",
  no_audio:
    "This browser offered no sound. Reload the page; if that does not help, update the browser.",
  bad_sdp:
    "Earshot did not understand this browser. Reload the page; if that does not help, update the browser.",
  unexpected_message: "The page and Earshot got out of step. Reload the page.",
  unknown_message: "This page is older or newer than Earshot. Reload the page.",
  malformed_message: "The page and Earshot got out of step. Reload the page.",
  message_too_large:
    "This browser said more than Earshot reads. Reload the page; if that does not help, update the browser.",
  bad_request: "Earshot does not know this address. Check how it is written.",
  protocol_error: "The page and Earshot got out of step. Reload the page.",
  internal_error: "Something went wrong inside Earshot. Trying again; its log says more.",
};

/**
 * @param {RelayError} error
 */
export function errorText({ code, message }) {
  return ERRORS[code] ?? `Earshot said: ${message}. Reload the page if this stays.`;
}

/**
 * What went wrong when something was asked over HTTP.
 *
 * @param {unknown} error
 */
export function apiErrorText(error) {
  return error instanceof ApiError
    ? errorText(error.asRelayError)
    : "Earshot does not answer. Is it running, and is this device in the home network?";
}

/** @type {Record<LineState, string>} */
export const LINE_TEXT = {
  closed: "Not connected",
  connecting: "Connecting…",
  open: "Connected",
  waiting: "Not reachable",
};

/**
 * What people call a stream.
 *
 * @param {Pick<StreamDetails, "name" | "stream_id">} stream
 */
export function titleOf({ name, stream_id }) {
  return name ?? `Unnamed ${stream_id.slice(7, 11)}`;
}

/**
 * What people call what was asked for, while it is not on the air.
 *
 * @param {string} address an id, a slug or a name
 */
export function titleOfAddress(address) {
  if (address === LATEST) return "Whatever is newest";
  if (address.startsWith("stream_")) return titleOf({ name: null, stream_id: address });
  return address.charAt(0).toUpperCase() + address.slice(1).replaceAll("-", " ");
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * Who hears a stream, in words.
 *
 * @param {Pick<StreamDetails, "receivers" | "listeners">} stream
 */
export function audience({ receivers, listeners }) {
  if (receivers + listeners === 0) return "Nobody hears it yet";
  return `${counted(receivers, "receiver")} · ${counted(listeners, "listener")}`;
}

/** How good a line is, in words. */
export const LINE_WORDS = { good: "Good line", weak: "Weak line", bad: "Bad line" };

/**
 * How well a stream is heard, in words; what is wrong comes first.
 *
 * @param {Hearing} hearing
 */
export function reachText({ good, weak, bad, worst_loss_percent }) {
  const said = [];
  if (bad) said.push(`${counted(bad, "hears", "hear")} badly`);
  if (weak) said.push(`${counted(weak, "has", "have")} a weak line`);
  if (good) said.push(`${counted(good, "hears", "hear")} well`);
  if (weak + bad && worst_loss_percent >= 1) said.push(`up to ${Math.round(worst_loss_percent)} % lost`);
  return said.join(" · ");
}

/** @type {Record<string, string>} */
const ALERTS = {
  noise: "It is loud",
  speech: "Somebody speaks",
  cry: "Somebody cries",
  silence: "It is silent",
  microphone_dead: "The microphone is dead",
  stalled: "No sound arrives",
  lost: "The microphone is gone",
};

/**
 * What a person is alerted of.
 *
 * @param {import("./protocol.js").Alert} alert
 */
export function alertText({ kind, stream, name, began_at }) {
  const at = clockText(new Date(began_at * 1000));
  return `${name ?? titleOfAddress(stream)}: ${ALERTS[kind] ?? kind} (${at})`;
}

/**
 * What is said of notifications, and what to do for them.
 *
 * @type {Record<import("./notifications.js").NotificationState, string>}
 */
export const NOTIFICATION_TEXT = {
  insecure: "Notifications of alerts need a secure page, which comes over https.",
  missing:
    "This browser shows no notifications for pages. Leave this page open, with the sound on.",
  default: "The system shows them while this page is open.",
  denied:
    "Notifications are blocked for this page. Allow them in the browser: tap the sign beside the address.",
  granted: "The system shows alerts while this page is open.",
};

/**
 * A length of time as short as people say it.
 *
 * @param {number} seconds
 */
export function durationText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/**
 * How far behind what is live something is heard.
 *
 * @param {number} seconds
 */
export function behindText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  return `${Math.floor(whole / 60)}:${rest} ago, catching up`;
}

/**
 * The time of day, to the second.
 *
 * @param {Date} date
 */
export function clockText(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/**
 * @typedef {Object} HearingText
 * @property {"idle" | "live" | "muted" | "waiting" | "lost"} state
 * @property {string} chip one or two words
 * @property {string} headline
 * @property {string} explanation what it means and what happens next
 */

/**
 * How it stands with what is heard, in words.
 *
 * @param {Status} status
 * @param {string | null} address what was asked for
 * @param {boolean} refused whether the browser waits for a tap before it plays
 * @returns {HearingText}
 */
export function hearingText(status, address, refused) {
  const asked = address === null || address === LATEST ? "Nothing on the air yet" : titleOfAddress(address);
  const title = status.stream ? titleOf(status.stream) : asked;
  switch (status.phase) {
    case "idle":
      return { state: "idle", chip: "Paused", headline: title, explanation: "Nothing is played." };
    case "joining":
      return {
        state: "waiting",
        chip: "Joining",
        headline: title,
        explanation: "Its sound is on the way.",
      };
    case "hearing":
      if (status.stream?.muted_by_house) {
        return {
          state: "muted",
          chip: "Muted",
          headline: title,
          explanation: "The house has muted it, as in Home Assistant. The connection stands.",
        };
      }
      if (status.stream?.muted) {
        return {
          state: "muted",
          chip: "Muted",
          headline: title,
          explanation: "Its sender has muted the microphone. The connection stands.",
        };
      }
      return refused
        ? {
            state: "waiting",
            chip: "Not played yet",
            headline: title,
            explanation: "Its sound arrives, but this browser wants a tap before it plays.",
          }
        : {
            state: "live",
            chip: "Live",
            headline: title,
            explanation: status.stream?.gated
              ? "You hear it live: what is loud enough. While it is quiet the link is alive."
              : "You hear it live.",
          };
    case "waiting":
      return {
        state: "waiting",
        chip: "Waiting",
        headline: title,
        explanation: waitingText(status, address),
      };
    case "lost":
      return {
        state: "lost",
        chip: "Lost",
        headline: `${title} is lost`,
        explanation: lostText(status),
      };
  }
}

/**
 * @param {Status} status
 * @param {string | null} address
 */
function waitingText({ reason, error }, address) {
  if (reason === "unreachable") {
    return "Earshot is not reachable. Is it running, and is this device in the home network? Trying again by itself.";
  }
  if (reason === "stalled") return "It is on the air, but no sound arrives from its sender.";
  if (reason === "failed" && error) return errorText(error);
  return address === null || address === LATEST
    ? "As soon as somebody sends, it is heard here."
    : "Nobody sends under this name now. As soon as it is back, it is heard here.";
}

/** @param {Status} status */
function lostText({ reason, error, endReason }) {
  switch (reason) {
    case "unreachable":
      return "Earshot is not reachable. Check its power and the network. Trying again by itself.";
    case "ended":
      return endedOnPurpose(endReason)
        ? "The device that sent it has stopped. As soon as it sends again, it is heard here."
        : "The device that sent it is gone: look after its network, power and browser. As soon as it is back, it is heard here.";
    case "stalled":
      return "No sound arrives from its sender any more. Look after that device: network, power, browser.";
    case "failed":
      return error ? errorText(error) : "The connection for the sound broke. Trying again.";
    default:
      return "Its packets do not arrive here any more. Check this device’s network. Trying again by itself.";
  }
}
