/** Labels out to a folder, and in from one. */

import { effect } from "@preact/signals-core";
import type { Labels } from "../state/labels";
import { h } from "./dom";
import { choice, field, setOptions, submit } from "./label_panel";
import { createLabelProgress } from "./label_progress";

const FORMAT_WORDS: Readonly<Record<string, string>> = {
  coco: "COCO, exact masks",
  "coco-polygons": "COCO, polygons",
  fiftyone: "FiftyOne",
  "label-studio": "Label Studio",
  parquet: "Hugging Face (Parquet)",
  png: "Indexed PNG",
  voc: "Pascal VOC",
  yolo: "YOLO segmentation",
};

export function createFilesPanel(labels: Labels, signal: AbortSignal): HTMLElement {
  const format = choice("Format", []);
  const folder = text("Folder to write to", "export");
  const val = h("input", {
    ...{ type: "number", class: "sam2nb-field", min: 0, max: 90, step: 5, value: 20 },
    "aria-label": "Per cent to validate with",
  });
  const done = h("input", { type: "checkbox", checked: true, "aria-label": "Only what is submitted" });
  const from = choice("Format to read", []);
  const source = text("Folder to read", "");
  const write = () =>
    labels.export(
      format.value,
      folder.value.trim() || "export",
      (val.valueAsNumber || 0) / 100,
      done.checked,
    );
  const read = () => {
    if (source.value.trim() !== "") labels.importFrom(from.value, source.value.trim());
    else source.focus();
  };
  const stop = effect(() => {
    const view = labels.view.value;
    setOptions(
      format,
      (view?.exports ?? []).map((name) => [name, FORMAT_WORDS[name] ?? name]),
    );
    setOptions(
      from,
      (view?.imports ?? []).map((name) => [name, FORMAT_WORDS[name] ?? name]),
    );
  });
  signal.addEventListener("abort", stop);
  return h(
    "section",
    {},
    form(
      write,
      h("h3", { class: "sam2nb-title" }, "Export"),
      h(
        "div",
        { class: "sam2nb-line" },
        field("format", format),
        field("folder", folder),
        field("% to validate with", val),
      ),
      h(
        "div",
        { class: "sam2nb-line" },
        h("label", { class: "sam2nb-check" }, done, "only submitted and reviewed pictures"),
        submit("Export", "export", "sam2nb-primary"),
      ),
      createLabelProgress(labels, "export", "Exporting", signal),
    ),
    form(
      read,
      h("h3", { class: "sam2nb-title" }, "Import"),
      h(
        "div",
        { class: "sam2nb-line" },
        field("format", from),
        field("folder", source),
        submit("Import", "import"),
      ),
      createLabelProgress(labels, "import", "Importing", signal),
      h("p", { class: "sam2nb-hint" }, "Pictures that have labels keep them."),
    ),
  );
}

function text(name: string, value: string): HTMLInputElement {
  return h("input", { type: "text", class: "sam2nb-field", value, "aria-label": name, spellcheck: "false" });
}

function form(run: () => void, ...inner: ReadonlyArray<Node>): HTMLElement {
  const node = h("form", { class: "sam2nb-form" }, ...inner);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  return node;
}
