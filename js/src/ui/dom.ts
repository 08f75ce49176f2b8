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

/** Keep the keyboard in the widget when what has it is about to go: keys would reach the notebook. */
export function keepFocus(node: Element): void {
  if (node.contains(document.activeElement))
    node.closest<HTMLElement>(".sam2nb")?.focus({ preventScroll: true });
}

/** Hide or show a part, without losing the keyboard. */
export function setHidden(node: HTMLElement, isHidden: boolean): void {
  if (isHidden && !node.hidden) keepFocus(node);
  node.hidden = isHidden;
}

/** Set a text only when it is another one, so that a screen reader does not read it twice. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
