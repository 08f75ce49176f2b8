import { expect, test } from "vitest";
import { golden } from "../../dev/golden";
import type { LabelChanged } from "../protocol/messages.gen";
import { Labels } from "../state/labels";
import { isInReview } from "./label_bar";

const [changed] = golden<{ LabelChanged: [LabelChanged] }>("messages").LabelChanged;

test("the key that submits accepts only what the kernel says is in review", () => {
  const labels = new Labels("me", () => {});
  const isReview = isInReview(labels);
  expect(isReview.value).toBe(false);
  for (const in_review of [false, true]) {
    const current = changed.state.current && {
      ...changed.state.current,
      state: "submitted" as const,
      in_review,
    };
    labels.view.value = { ...changed.state, current };
    expect(isReview.value).toBe(in_review);
  }
});
