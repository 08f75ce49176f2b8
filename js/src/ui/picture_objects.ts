/** What the list of objects shows of a picture's: thumbnails, scores, and what can be done with several. */

import { cutout, paintThumbnail } from "../render/thumbnail";
import { bounds, shapeOf, shownCandidate } from "../state/masks";
import type { Session } from "../state/session";
import { AttributeList } from "./attributes";
import type { ListParts } from "./objects";

export function pictureListParts(session: Session): ListParts {
  return {
    score: (object) => {
      const mask = session.masks.value.get(object.id);
      return (mask?.scores ?? object.scores)?.iou.at(shownCandidate(object, mask));
    },
    paintThumbnail: thumbnails(session),
    notes: (note) => new AttributeList(note),
    together: TOGETHER,
    deeds: deedsOf(session),
  };
}

function deedsOf(session: Session): NonNullable<ListParts["deeds"]> {
  const move = (object: number, by: 1 | -1) => {
    const { objects } = session.document.peek();
    const place = objects.findIndex(({ id }) => id === object) + by;
    if (objects[place] !== undefined) session.edit([{ kind: "move_object", object, place }]);
  };
  return [
    { icon: "raise", label: "Draw over the next (Page up)", run: (id) => move(id, 1) },
    { icon: "lower", label: "Draw under the one before (Page down)", run: (id) => move(id, -1) },
    {
      icon: "split",
      label: "Split into its parts (Shift+J)",
      run: (object) => session.edit([{ kind: "split_object", object }]),
    },
    {
      icon: "cut-others",
      label: "Cut it out of the others",
      run: (object) => session.edit([{ kind: "cut_overlap", object, loser: "others" }]),
    },
    {
      icon: "cut-this",
      label: "Cut the others out of it",
      run: (object) => session.edit([{ kind: "cut_overlap", object, loser: "object" }]),
    },
  ];
}

const TOGETHER: NonNullable<ListParts["together"]> = [
  {
    icon: "merge",
    label: "Merge into the selected one (J)",
    editsOf: (chosen, selected) => {
      const others = chosen.map(({ id }) => id).filter((id) => id !== selected);
      return selected === null ? [] : [{ kind: "merge_objects", object: selected, others }];
    },
  },
  {
    icon: "eye",
    label: "Show or hide them (Shift+H)",
    editsOf: (chosen) => {
      const visible = !chosen.some((object) => object.visible);
      return chosen.map(({ id }) => ({ kind: "show_object", object: id, visible }));
    },
  },
  {
    icon: "lock",
    label: "Lock or unlock them (L)",
    editsOf: (chosen) => {
      const locked = !chosen.every((object) => object.locked);
      return chosen.map(({ id }) => ({ kind: "lock_object", object: id, locked }));
    },
  },
  {
    icon: "trash",
    label: "Remove them (Delete)",
    editsOf: (chosen) => chosen.map(({ id }) => ({ kind: "remove_object", object: id })),
  },
];

const THUMBNAIL = { width: 40, height: 32 };

/** Paints the thumbnails of objects in the list, each only when it has changed. */
function thumbnails(session: Session): NonNullable<ListParts["paintThumbnail"]> {
  const painted = new WeakMap<HTMLCanvasElement, ReadonlyArray<unknown>>();
  return (object, canvas, ink) => {
    const [image, bitmap] = [session.info.value, session.bitmap.value];
    if (image === null) return;
    const shape = shapeOf(object, session.masks.value.get(object.id), image);
    const now = [shape, bitmap, ink];
    const before = painted.get(canvas);
    if (before !== undefined && now.every((part, index) => part === before[index])) return;
    painted.set(canvas, now);
    const place = cutout(shape === null ? null : bounds([shape]), image, THUMBNAIL);
    paintThumbnail(canvas, THUMBNAIL, shape, place, image, bitmap, ink);
  };
}
