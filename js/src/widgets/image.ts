/** The browser half of `ImageSegmenter`: `initialize` makes what the views of a model share, `render` makes a view. */

import type { AnyWidget } from "@anywidget/types";
import { Session } from "../state/session";
import { mountView } from "../ui/view";
import { randomId } from "./identity";

const widget: AnyWidget = () => {
  let session: Session | undefined;
  return {
    initialize({ model }) {
      const made = new Session(randomId(), (request) => model.send(request));
      const receive = (content: unknown, buffers: unknown) => made.receive(content, buffers);
      model.on("msg:custom", receive);
      session = made;
      return () => model.off("msg:custom", receive);
    },
    render({ model, el }) {
      if (session === undefined) throw new Error("the host renders a widget that it has not initialized");
      return mountView(session, el, model.get("height"));
    },
  };
};

export default widget;
