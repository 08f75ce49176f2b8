import { beforeEach, describe, expect, test } from "vitest";
import { FakeKernel } from "../../dev/fake_kernel";
import { image } from "../../dev/wire";
import type { AnyRequest } from "../protocol/channel";
import type { Edit } from "../protocol/messages.gen";
import { Labels } from "./labels";

const add: Edit = { kind: "add_object", object: 1 };
const click: Edit = { kind: "add_point", object: 1, x: 30, y: 20, label: 1 };

let up: AnyRequest[];
let labels: Labels;
let kernel: FakeKernel;

/** A kernel with another picture on its canvas. */
function show(epoch: string): void {
  const post = (content: unknown, buffers: ReadonlyArray<Uint8Array>) =>
    labels.session.receive(content, buffers);
  kernel = new FakeKernel(image, new Uint8Array(1), post, () => {}, epoch);
}

/** The oldest request under way, taken off the wire. */
function next(): AnyRequest {
  const request = up.shift();
  if (request === undefined) throw new Error("nothing is under way");
  return request;
}

/** The kernel answers what is under way, up to where it is asked to move. */
function answer(): void {
  while (up.length > 0 && up[0]?.type !== "label_move") kernel.take(next());
}

/** The kernel goes on to another picture. */
function move(): void {
  const { type, view, seq } = next();
  expect(type).toBe("label_move");
  show("second");
  labels.session.receive({ type: "label_done", view, seq, question: "" }, []);
}

beforeEach(() => {
  up = [];
  labels = new Labels(
    "me",
    (request) => up.push(request),
    () => 0,
  );
  show("first");
  labels.session.hello();
  answer();
});

const asked = () => up.map(({ type }) => type);
const isAway = () => labels.session.isAway.value;

describe("leaving a picture", () => {
  test("waits for all edits that were made in it, and takes no more", () => {
    labels.session.edit([add]);
    labels.session.edit([click]);
    labels.move("submit");
    expect([asked(), isAway(), labels.session.isOpen.value]).toEqual([["edit"], true, false]);
    answer();
    expect(kernel.document.objects[0]?.points).toHaveLength(1);
    expect([asked(), isAway()]).toEqual([["label_move"], true]);
    move();
    answer();
    expect([labels.session.epoch, isAway(), labels.session.notice.value]).toEqual(["second", false, null]);
  });

  test("takes a stroke with it that has not ended", () => {
    labels.session.edit([add, click], true);
    labels.move("next");
    answer();
    expect([kernel.document.objects.length, asked()]).toEqual([1, ["label_move"]]);
  });

  test("is given up when an edit is refused: that is to be seen to first", () => {
    labels.session.edit([add]);
    labels.session.edit([click]);
    labels.move("submit");
    const { view, seq } = next();
    labels.session.receive({ type: "failure", view, seq, code: "conflict", message: "no" }, []);
    answer();
    expect([asked(), isAway(), labels.session.notice.value]).toEqual([[], false, "no"]);
  });

  test("goes on when the kernel was only slow, and says hello again before it answers", () => {
    labels.session.edit([add]);
    labels.move("next");
    const late = next();
    labels.session.hello();
    answer();
    expect([asked(), isAway()]).toEqual([[], true]);
    kernel.take(late);
    expect([asked(), isAway()]).toEqual([["label_move"], true]);
    const { view, seq } = next();
    const message = "this is the last image of the queue";
    labels.session.receive({ type: "failure", view, seq, code: "invalid", message }, []);
    expect([isAway(), labels.session.notice.value]).toEqual([false, message]);
  });

  test("is given up when the kernel is another one", () => {
    labels.session.edit([add]);
    labels.move("next");
    up = [];
    show("another");
    labels.session.hello();
    answer();
    expect([asked(), isAway(), labels.session.epoch]).toEqual([[], false, "another"]);
  });

  test("ends when the kernel has answered, not when the picture that is left is told again", () => {
    labels.move("submit");
    labels.session.hello();
    kernel.take(up.splice(1, 1)[0] ?? next());
    expect(isAway()).toBe(true);
    move();
    answer();
    expect(isAway()).toBe(false);
  });

  test("ends when the queue is done and the same picture stays", () => {
    labels.move("submit");
    const { view, seq } = next();
    labels.session.receive({ type: "label_done", view, seq, question: "" }, []);
    answer();
    expect([labels.session.epoch, isAway()]).toEqual(["first", false]);
  });
});

test("labels are written to files with the last edits", () => {
  labels.session.edit([add]);
  labels.export("coco", "out", 0, false);
  expect(asked()).toEqual(["edit"]);
  kernel.take(next());
  expect(asked()).toEqual(["label_export"]);
});

test.each(["export", "import"] as const)(
  "what was asked of files is told until it is answered: %s",
  (kind) => {
    const ask = () =>
      kind === "export" ? labels.export("coco", "out", 0, false) : labels.importFrom("coco", "in");
    const state = () => labels.files[kind].value;
    ask();
    expect(state()).toEqual({ isAsked: true, failed: "" });
    const first = next();
    labels.session.receive(
      { type: "failure", view: "me", seq: first.seq, code: "invalid", message: "no" },
      [],
    );
    expect(state()).toEqual({ isAsked: false, failed: "no" });
    ask();
    labels.session.receive({ type: "label_done", view: "me", seq: next().seq, question: "" }, []);
    expect(state()).toEqual({ isAsked: false, failed: "" });
  },
);
