/** The browser half of `DynamicSegmenter`: `initialize` makes what the views of a model share, `render` makes a view. */

import type { AnyWidget } from "@anywidget/types";
import { Refind } from "../state/refind";
import { VideoSession } from "../state/video_session";
import { mountSetView } from "../ui/set_view";
import { randomId } from "./identity";

const widget: AnyWidget = () => {
  let session: VideoSession | undefined;
  let refind: Refind | undefined;
  return {
    initialize({ model }) {
      const made = new VideoSession(randomId(), (request) => model.send(request));
      const receive = (content: unknown, buffers: unknown) => made.receive(content, buffers);
      model.on("msg:custom", receive);
      session = made;
      const watch = new Refind(made);
      refind = watch;
      return () => {
        watch.stop();
        model.off("msg:custom", receive);
      };
    },
    render({ model, el }) {
      if (session === undefined || refind === undefined)
        throw new Error("the host renders a widget that it has not initialized");
      return mountSetView(session, refind, el, model.get("height"));
    },
  };
};

export default widget;
