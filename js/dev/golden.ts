/** The golden files that Python writes and both sides read. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A golden file as JSON; the caller says what it holds. */
export function golden<T>(name: string): T {
  const path = fileURLToPath(new URL(`../../tests/fixtures/protocol/${name}.json`, import.meta.url));
  return JSON.parse(readFileSync(path, "utf-8"));
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
