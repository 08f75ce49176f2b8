/**
 * What a widget sends to its browser in place of its page: `SAM2NB_PAGE` is that page, deflated and in base64, because
 * it travels with every widget and lies in every saved state. `sam2_notebook/widgets/page.py` puts the two together.
 */

import type { AnyWidget } from "@anywidget/types";

declare const SAM2NB_PAGE: string;

/** The script under a base64 text of zlib's. */
async function inflate(packed: string): Promise<Blob> {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const script = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Blob([await new Response(script).arrayBuffer()], { type: "text/javascript" });
}

// A factory, and no `await` at the top: anywidget says in the cell what a factory throws.
const widget: AnyWidget = async () => {
  const address = URL.createObjectURL(await inflate(SAM2NB_PAGE));
  try {
    const page: { readonly default: AnyWidget } = await import(address);
    return typeof page.default === "function" ? await page.default() : page.default;
  } finally {
    URL.revokeObjectURL(address);
  }
};

export default widget;
