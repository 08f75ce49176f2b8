/** What the list of objects shows of a video's: lock, class, and how far each is tracked. */

import { MAX_NAME, type ObjectView, type VideoEdit } from "../protocol/messages.gen";
import { HIDDEN, STALE_HIDDEN, standing } from "../state/lanes";
import { findVideoObject } from "../state/video_document";
import type { VideoSession } from "../state/video_session";
import type { VideoUi } from "../state/video_ui";
import { h, setHidden, setText } from "./dom";
import type { RowParts } from "./object_row";
import type { ListParts } from "./objects";
import { badgeOf } from "./tracking";

export function videoListParts(session: VideoSession, ui: VideoUi): ListParts {
  return {
    score: ({ id }) => session.scoreAt(ui.shown.value, id) ?? undefined,
    partsOf: (id) => rowParts(id, session, ui),
  };
}

function rowParts(id: number, session: VideoSession, ui: VideoUi): RowParts {
  const edit = (change: VideoEdit) => session.edit(ui.shown.peek(), [change]);
  const chip = h("span", { class: "sam2nb-chip", "data-standing": "" });
  const label = classField(
    () => findVideoObject(session.document.peek(), id)?.label ?? "",
    (text) => edit({ kind: "classify_object", object: id, label: text }),
  );
  const update = (_: ObjectView) => {
    const object = findVideoObject(session.document.value, id);
    if (object === undefined) return;
    if (document.activeElement !== label) label.value = object.label;
    setHidden(label, session.document.value.classes.length > 0); // the buttons above give it then
    const lane = session.lanes.all.value.get(id);
    const badge = badgeOf(standing(lane === undefined ? [] : [lane.view]));
    const state = lane?.states[ui.shown.value] ?? 0;
    chip.dataset.standing = badge.state;
    const here = state === HIDDEN || state === STALE_HIDDEN ? "hidden here · " : "";
    setText(chip, `${here}${badge.text}`);
    chip.title = chip.textContent ?? "";
  };
  return { below: [h("div", { class: "sam2nb-below" }, chip, label)], update };
}

/** A text field for the class: Enter and leaving keep what it says, Escape does not. */
function classField(read: () => string, write: (text: string) => void): HTMLInputElement {
  const field = h("input", {
    ...{ class: "sam2nb-class", type: "text", "aria-label": "Class", placeholder: "class" },
    ...{ maxlength: MAX_NAME, autocomplete: "off", title: "The object's class" },
  });
  field.addEventListener("blur", () => {
    const text = field.value.trim();
    field.value = text;
    if (text !== read()) write(text);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") field.value = read();
    field.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
  });
  return field;
}
