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

/** A group of the video's help in the words of a set, less what only a video's click can mean. */
function ofPictures([title, rows]: HelpRows[number]): HelpRows[number] {
  const kept = rows.filter(([key]) => key !== "1, 2, 3 after a click");
  return [title, kept.map(([key, what]) => [key, what.replace("this frame", "this picture")])];
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
