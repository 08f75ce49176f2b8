/** The door of the page: what comes in from the kernel is checked against the schema, then it is typed. */

import type { Logits } from "../render/logits";
import type { AnyReply } from "./channel";
import type { Buffer, Event, LabelEvent, Schema, VideoEvent, Wire } from "./messages.gen";
import { decodeRle, type Patch } from "./rle";

/** What a kernel of any widget says unasked. */
export type AnyEvent = Event | VideoEvent | LabelEvent;

/** A message and its binary buffers, one for each entry of the message's `buffers`. */
export interface Received {
  readonly message: AnyReply | AnyEvent;
  readonly bytes: ReadonlyArray<Uint8Array>;
}

/** Check what a host hands us; a string says in words what is wrong with it. */
export function receive(wire: Wire, content: unknown, buffers: unknown): Received | string {
  if (!isRecord(content)) return "a message is not an object";
  const { type } = content;
  const schema = typeof type === "string" && Object.hasOwn(wire, type) ? wire[type] : undefined;
  if (schema === undefined) return `a message of unknown type ${JSON.stringify(type)?.slice(0, 40)}`;
  const fault = mismatch(schema, content, String(type));
  if (fault !== null) return fault;
  const bytes = Array.isArray(buffers) ? buffers.map(toBytes) : [];
  const message = content as unknown as AnyReply | AnyEvent; // the schema has just said so
  const wanted = "buffers" in message ? message.buffers.length : 0;
  const present = bytes.filter((part) => part !== null);
  if (present.length !== bytes.length || bytes.length !== wanted)
    return `${message.type} names ${wanted} buffers and brings ${present.length}`;
  return { message, bytes: present };
}

/** The bytes of a buffer: a DataView in Jupyter, a Uint8Array in Colab, an ArrayBuffer elsewhere. */
export function toBytes(buffer: unknown): Uint8Array | null {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return null;
}

/** The logits of a `logits8` buffer; RangeError when shape and length disagree. */
export function decodeLogits(buffer: Buffer, bytes: Uint8Array): Logits {
  const [count = 0, height = 0, width = 0] = buffer.shape;
  if (
    buffer.shape.length !== 3 ||
    count * height * width !== bytes.length ||
    bytes.length === 0 ||
    !(buffer.scale > 0)
  )
    throw new RangeError(`logits of shape ${buffer.shape.join(" x ")} do not fit ${bytes.length} bytes`);
  const data = new Int8Array(bytes.slice().buffer);
  return { data, count, height, width, scale: buffer.scale };
}

/** The mask of an `rle` buffer; RangeError when it is broken. */
export function decodeMask(buffer: Buffer, bytes: Uint8Array): Patch {
  const [height = 0, width = 0] = buffer.shape;
  return decodeRle(bytes, height, width);
}

/** Why a value does not match a schema (see `sam2_notebook/protocol/typescript.py`), or null when it does. */
function mismatch(schema: Schema, value: unknown, path: string): string | null {
  if (typeof schema === "string") return isPrimitive(schema, value) ? null : `${path} is not ${schema}`;
  if (!isList(schema)) {
    if (!isRecord(value)) return `${path} is not a record`;
    return first(Object.entries(schema).map(([key, field]) => mismatch(field, value[key], `${path}.${key}`)));
  }
  const [kind, ...rest] = schema;
  switch (kind) {
    case "literal":
      return rest.some((one) => one === value) ? null : `${path} is not one of ${rest.join(", ")}`;
    case "either":
      return rest.some((option) => mismatch(option, value, path) === null)
        ? null
        : `${path} is of another type`;
    case "list":
      if (!Array.isArray(value)) return `${path} is not a list`;
      return first(value.map((item, i) => mismatch(rest[0] ?? "", item, `${path}[${i}]`)));
    case "tuple":
      if (!Array.isArray(value) || value.length !== rest.length)
        return `${path} is not ${rest.length} values`;
      return first(rest.map((item, i) => mismatch(item, value[i], `${path}[${i}]`)));
    default:
      return `${path} has the unknown schema ${kind}`;
  }
}

// Array.isArray does not tell a readonly array from the rest of a union.
const isList = (schema: Schema): schema is ReadonlyArray<Schema> => Array.isArray(schema);

const first = (faults: ReadonlyArray<string | null>): string | null =>
  faults.find((fault) => fault !== null) ?? null;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPrimitive(kind: string, value: unknown): boolean {
  switch (kind) {
    case "int":
      return Number.isInteger(value);
    case "float":
      return typeof value === "number" && Number.isFinite(value);
    case "null":
      return value === null;
    default:
      return typeof value === kind;
  }
}
