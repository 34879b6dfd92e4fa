/** The page that hears and answers: others are silent while its own microphone is open. */

import { find } from "./element.js";
import { IntercomHearing } from "./intercom-hearing.js";
import { IntercomSpeaking } from "./intercom-speaking.js";
import { showIfWithheld } from "./withheld-notice.js";

if (showIfWithheld()) {
  find("stage", HTMLElement).hidden = true;
  find("settings", HTMLElement).hidden = true;
  new IntercomHearing(() => false);
} else {
  const speaking = new IntercomSpeaking((talking) => hearing.setSilent(talking));
  const hearing = new IntercomHearing(speaking.isOwn);
}
