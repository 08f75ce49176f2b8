import { expect, test } from "vitest";
import type { LabelJobView } from "../protocol/messages.gen";
import { gettingOn } from "./label_progress";

const job: LabelJobView = {
  ...{ id: 4, kind: "export", state: "running", text: "coco to out", done: 0, total: null },
};

test("nothing is told of what was never asked for", () => {
  expect(gettingOn(undefined, null, "").words).toBe("");
});

test("what is asked for is told at once, also after an earlier one", () => {
  for (const earlier of [undefined, { ...job, state: "done" as const, text: "12 annotations" }])
    expect(gettingOn(earlier, "Exporting…", "")).toMatchObject({ words: "Exporting…", isOn: true });
});

test("how far it is is told where somebody knows", () => {
  expect(gettingOn(job, null, "")).toMatchObject({ words: "coco to out", isOn: true, done: null });
  const counted = { ...job, done: 3, total: 12 };
  expect(gettingOn(counted, null, "")).toMatchObject({ words: "3 of 12: coco to out", done: 0.25 });
});

test("what came of it stays, and what went wrong is told as such", () => {
  const done = { ...job, state: "done" as const, text: "12 annotations of 3 images are in out" };
  expect(gettingOn(done, null, "")).toMatchObject({ words: done.text, isOn: false, isFailed: false });
  const failed = { ...job, state: "failed" as const, text: "the disk is full" };
  expect(gettingOn(failed, null, "")).toMatchObject({ words: failed.text, isFailed: true });
  expect(gettingOn(done, null, "another job is under way")).toMatchObject({
    ...{ words: "another job is under way", isOn: false, isFailed: true },
  });
  expect(gettingOn(job, null, "another job is under way")).toMatchObject({ isOn: true, isFailed: false });
});
