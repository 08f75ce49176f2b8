import { describe, expect, test } from "vitest";
import { golden } from "../../dev/golden";
import { receive as receiveOn, toBytes } from "./codecs";
import { LABEL_WIRE, PICTURE_WIRE, VIDEO_WIRE } from "./messages.gen";

type Message = Record<string, unknown> & { type: string; buffers?: unknown[] };
const messages = golden<Record<string, Message[]>>("messages");
const both = { ...PICTURE_WIRE, ...VIDEO_WIRE, ...LABEL_WIRE };
const received = Object.entries(messages).flatMap(([name, some]) =>
  some.flatMap((m) => (Object.hasOwn(both, m.type) ? [[name, m] as const] : [])),
);
const receive = (message: unknown, buffers: unknown) => receiveOn(both, message, buffers);
const buffersFor = (message: Message) => (message.buffers ?? []).map(() => new DataView(new ArrayBuffer(2)));
const pong = { type: "pong", view: "v", seq: 1, epoch: "e", rev: 2 };

describe("messages from Python", () => {
  test("of every type there is one to try", () => {
    expect(new Set(received.map(([, { type }]) => type))).toEqual(new Set(Object.keys(both)));
  });

  test.each(received)("%s comes in as it was sent", (_, message) => {
    expect(receive(message, buffersFor(message))).toMatchObject({ message });
  });

  test("mean nothing to a widget that does not receive them", () => {
    for (const wire of [PICTURE_WIRE, VIDEO_WIRE])
      for (const [, message] of received) {
        const isKnown = Object.hasOwn(wire, message.type);
        expect(typeof receiveOn(wire, message, buffersFor(message))).toBe(isKnown ? "object" : "string");
      }
    expect(Object.keys(PICTURE_WIRE)).not.toContain("masks_changed");
    expect(Object.keys(VIDEO_WIRE)).not.toContain("result");
  });

  test.each(received)("%s without any one of its parts is refused in words", (_, message) => {
    for (const key of Object.keys(message)) {
      const { [key]: _gone, ...rest } = message;
      expect(typeof receive(rest, buffersFor(message)), key).toBe("string");
    }
  });
});

describe("what is not a message", () => {
  test.each([
    ["nothing", null],
    ["a list", [pong]],
    ["a string", "pong"],
    ["no type", { view: "v" }],
    ["an unknown type", { ...pong, type: "gossip" }],
    ["a type that objects have", { ...pong, type: "constructor" }],
    ["a number that is not finite", { ...pong, rev: Number.NaN }],
    ["a number with a fraction", { ...pong, rev: 1.5 }],
    ["a number as a string", { ...pong, seq: "1" }],
    ["a request", { type: "ping", view: "v", seq: 1 }],
  ])("%s is refused in words", (_, content) => {
    expect(typeof receive(content, [])).toBe("string");
  });

  test("says where the fault is", () => {
    const [changed] = messages.DocumentChanged ?? [];
    const broken = structuredClone(changed);
    Object.assign(broken?.document ?? {}, { objects: [{ id: "1" }] });
    expect(receive(broken, [])).toBe("document.document.objects[0].id is not int");
  });

  test("with parts we do not know it is taken: the kernel may be newer", () => {
    expect(receive({ ...pong, more: 1 }, [])).toMatchObject({ message: pong });
  });
});

describe("buffers", () => {
  const bytes = Uint8Array.from([9, 1, 2, 3, 9]);

  test.each([
    ["a DataView, as in Jupyter", new DataView(bytes.buffer, 1, 3)],
    ["a Uint8Array, as in Colab", bytes.subarray(1, 4)],
    ["an ArrayBuffer", bytes.slice(1, 4).buffer],
  ])("come as %s", (_, buffer) => {
    expect(toBytes(buffer)).toEqual(Uint8Array.from([1, 2, 3]));
  });

  test("of another kind are refused", () => {
    expect(toBytes("AQID")).toBeNull();
  });

  test("must be as many as the message says", () => {
    const [message] = messages.Snapshot ?? [];
    expect(typeof receive(message, [])).toBe("string");
    expect(typeof receive(message, [new ArrayBuffer(1), new ArrayBuffer(1)])).toBe("string");
    expect(typeof receive(message, ["AQID"])).toBe("string");
    expect(typeof receive(pong, [new ArrayBuffer(1)])).toBe("string");
  });
});
