/** The browser half of `Labeler`: `initialize` makes what the views of a model share, `render` makes a view. */

import type { AnyWidget } from "@anywidget/types";
import { Labels } from "../state/labels";
import { mountLabeler } from "../ui/label_view";
import { randomId } from "./identity";

const widget: AnyWidget = () => {
  let labels: Labels | undefined;
  return {
    initialize({ model }) {
      const made = new Labels(randomId(), (request) => model.send(request));
      const receive = (content: unknown, buffers: unknown) => made.session.receive(content, buffers);
      model.on("msg:custom", receive);
      labels = made;
      return () => model.off("msg:custom", receive);
    },
    render({ model, el }) {
      if (labels === undefined) throw new Error("the host renders a widget that it has not initialized");
      return mountLabeler(labels, el, model.get("height"));
    },
  };
};

export default widget;
