/** Which key gives which class. Digits are meant by their place on the keyboard, whatever is printed there. Pure. */

import type { LabelClass } from "../protocol/messages.gen";
import { isTaken, type Press } from "./keymap";

const DIGITS = [..."1234567890"];
const SHIFT = "⇧";

type Keyed = Pick<LabelClass, "hotkey">;

/**
 * The key of each class as people read it; null when there is none left. A class keeps a letter of its own that means
 * nothing else here, and a digit of its own with Shift; the others take what digits are free.
 */
export function classKeys(classes: ReadonlyArray<Keyed>): ReadonlyArray<string | null> {
  const used = new Set<string>();
  const own = classes.map(({ hotkey }) => {
    const key = hotkey?.toLowerCase() ?? null;
    const shown = key === null || (!DIGITS.includes(key) && isTaken(key)) ? null : key;
    const name = shown !== null && DIGITS.includes(shown) ? SHIFT + shown : shown;
    if (name === null || used.has(name)) return null;
    used.add(name);
    return name;
  });
  const free = DIGITS.map((digit) => SHIFT + digit).filter((name) => !used.has(name));
  return own.map((name) => name ?? free.shift() ?? null);
}

/** The class that a key gives, by its place; null when it gives none. */
export function classAt(press: Press, classes: ReadonlyArray<Keyed>): number | null {
  if (press.ctrl || press.meta || press.alt) return null;
  const digit = /^Digit(\d)$/.exec(press.code)?.[1];
  const name = press.shift && digit !== undefined ? SHIFT + digit : press.key.toLowerCase();
  const index = classKeys(classes).indexOf(name);
  return index < 0 ? null : index;
}
