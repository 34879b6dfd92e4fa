/** The words of the page that sends. */

/** @import { Advice } from "./coach.js" */

/** @type {Record<Advice, string>} */
export const COACH_TEXT = {
  louder: "Speak a little louder, or come closer.",
  too_close: "Too loud: move back a little.",
  noise: "Much noise around you: come closer, or close a window.",
  fine: "You are heard well.",
};

/** What the gate does right now. */
export const GATE_TEXT = {
  open: "Sending",
  closed: "Listening · the link is alive",
};
