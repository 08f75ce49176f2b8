/** The few lines of DOM building that a widget needs. Text goes in as text, never as HTML. */

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** An element with attributes (`false` leaves one out) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) node.setAttribute(name, value === true ? "" : String(value));
  node.append(...children);
  return node;
}

/** Set a text only when it is another one, so that a screen reader does not read it twice. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
