import { expect, test, vi } from "vitest";
import type { ObjectView } from "../protocol/messages.gen";
import { NOTHING_SAID } from "../state/document";
import { EMPTY_VIDEO } from "../state/video_document";
import { VideoSession } from "../state/video_session";
import { VideoUi } from "../state/video_ui";
import { videoListParts } from "./video_objects";

/** As much of an element as a row's parts need. */
class Part {
  readonly dataset: Record<string, string> = {};
  readonly children: Part[] = [];
  readonly attributes = new Map<string, string>();
  hidden = false;
  textContent = "";
  value = "";

  append(...parts: Part[]): void {
    this.children.push(...parts);
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  addEventListener(): void {}

  contains(): boolean {
    return false;
  }
}

test.each([
  [[], false],
  [["cat"], true],
])("with the classes %j the field for a free class is hidden: %s", (names, isHidden) => {
  vi.stubGlobal("document", { activeElement: null, createElement: () => new Part() });
  const session = new VideoSession("me", () => {});
  const classes = names.map((name) => ({ name, color: "#ff0000", hotkey: null, attributes: [] }));
  const object = { ...NOTHING_SAID, id: 1, name: "tom", label: "cat", color: 0, frames: [] };
  session.document.value = { ...EMPTY_VIDEO, classes, objects: [object] };
  const parts = videoListParts(session, new VideoUi()).partsOf?.(1);
  parts?.update({ id: 1 } as ObjectView);
  const below = parts?.below[0] as unknown as Part | undefined;
  const field = below?.children[1];
  expect(field?.attributes.get("class")).toBe("sam2nb-class");
  expect([field?.value, field?.hidden]).toEqual(["cat", isHidden]);
  vi.unstubAllGlobals();
});
