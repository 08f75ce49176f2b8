/** What the list of objects shows of those of a set: whether each is in the picture, and a way to say that it is not. */

import type { ObjectView } from "../protocol/messages.gen";
import { findingOf, type SetUi } from "../state/set_ui";
import { emptyCounts, findVideoObject } from "../state/video_document";
import type { VideoSession } from "../state/video_session";
import { h, setText } from "./dom";
import { icon } from "./icons";
import { type RowParts, tool } from "./object_row";
import type { ListParts } from "./objects";

export function setListParts(session: VideoSession, ui: SetUi): ListParts {
  return {
    score: ({ id }) => session.scoreAt(ui.shown.value, id) ?? undefined,
    partsOf: (id) => rowParts(id, session, ui),
  };
}

function rowParts(id: number, session: VideoSession, ui: SetUi): RowParts {
  const absent = tool("Not in this picture", icon("absent"));
  absent.addEventListener("click", () => {
    const info = session.info.peek();
    if (info === null) return;
    const counts = emptyCounts(info.width * info.height);
    session.edit(ui.shown.peek(), [{ kind: "set_mask", object: id, counts }]);
  });
  const chip = h("span", { class: "sam2nb-chip", "data-standing": "" });
  const update = (_: ObjectView) => {
    const object = findVideoObject(session.document.value, id);
    if (object === undefined) return;
    const picture = ui.shown.value;
    const isShown = object.frames.some(({ frame }) => frame === picture);
    const { state, isStale } = findingOf(session.lanes, id, picture, isShown, ui.confidence.value);
    const here = {
      shown: "shown here",
      found: "found here",
      absent: isShown ? "said not to be here" : "not found here",
      unknown: "not looked for here",
    }[state];
    const shown = object.frames.length;
    chip.dataset.standing = isStale ? "stale" : state;
    setText(chip, `${here}${isStale ? ", out of date" : ""} · shown in ${shown}`);
    chip.title = chip.textContent ?? "";
  };
  return { below: [h("div", { class: "sam2nb-below" }, chip, absent)], update };
}
