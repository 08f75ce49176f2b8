/** What each key does over a set of pictures: the video's keys, less those that are about time. Pure. */

import type { HelpRows, Press } from "./keymap";
import { type VideoAction, videoActionOf, videoHelpRows } from "./video_keymap";

const OF_TIME: ReadonlySet<string> = new Set([
  "play",
  "faster",
  "slower",
  "go-to",
  "export",
  "memory",
  "gap-next",
  "gap-previous",
]);

/** The action of a key, or null when the key is not ours. Without a cross on the stage, Space brings it. */
export function setActionOf(press: Press, isMac: boolean, hasCross: boolean): VideoAction | null {
  const action = videoActionOf(press, isMac, hasCross);
  if (action === null || OF_TIME.has(action.type)) return null;
  if (action.type === "track") return { type: "track", direction: "both" };
  return action.type === "place" && !hasCross ? { type: "cross" } : action;
}

// What only a video's click can mean, and what gives classes.
const NOT_HERE: ReadonlySet<string> = new Set(["1, 2, 3 after a click", "Shift+1 to Shift+0"]);

/** A group of the video's help in the words of a set, less what a set does not have. */
function ofPictures([title, rows]: HelpRows[number]): HelpRows[number] {
  const kept = rows.filter(([key]) => !NOT_HERE.has(key));
  const inWords = (what: string) => what.replace("this frame", "this picture").replace(", colours,", ",");
  return [title, kept.map(([key, what]) => [key, inWords(what)])];
}

/** The help, group by group. */
export function setHelpRows(isMac: boolean): HelpRows {
  const [, , ...rest] = videoHelpRows(isMac);
  return [
    [
      "Moving through the pictures",
      [
        ["← →, comma and point", "one picture back, on"],
        ["Shift+← →, Page keys", "ten pictures"],
        ["Home, End", "first, last picture"],
        ["P, Shift+P", "next, previous picture in which something was shown"],
      ],
    ],
    [
      "Finding",
      [
        ["T", "find the objects in all other pictures"],
        ["Escape", "stop, keep what is found"],
      ],
    ],
    ...rest.map(ofPictures),
  ];
}
