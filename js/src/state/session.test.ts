import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { image, type Message, Wire } from "../../dev/wire";
import type { Edit } from "../protocol/messages.gen";
import { shapeOf } from "./masks";
import { Session } from "./session";

const add: Edit = { kind: "add_object", object: 1 };
const click = (x: number, y = 20): Edit => ({ kind: "add_point", object: 1, x, y, label: 1 });

let wire: Wire;

beforeEach(() => {
  vi.useFakeTimers();
  wire = new Wire();
  wire.flush();
});

afterEach(() => {
  wire.detach();
  vi.useRealTimers();
});

describe("a view that appears", () => {
  test("asks for everything, and is live with the answer", () => {
    expect(wire.kernel.received.map(({ type }) => type)).toEqual(["hello"]);
    expect(wire.session.connection.value).toBe("live");
    expect(wire.session.info.value).toMatchObject(image);
  });

  test("asks again for each view, and rests when the last has gone", () => {
    const second = wire.session.attach();
    wire.flush();
    expect(wire.kernel.received.filter(({ type }) => type === "hello")).toHaveLength(2);
    second();
    expect(vi.getTimerCount()).toBe(1);
    wire.detach();
    expect(vi.getTimerCount()).toBe(0);
    wire.detach = wire.session.attach();
  });

  test("gets the masks that are there, and asks for the candidates of an ambiguous click", () => {
    wire.session.edit([add, click(30)]);
    wire.flush();
    const late = new Session(
      "you",
      (request) => wire.up.push(request),
      () => wire.now,
    );
    wire.deliver = ({ content, buffers }) => late.receive(content, buffers);
    const detach = late.attach();
    wire.flush();
    const mask = late.masks.value.get(1);
    expect(mask?.exact?.candidate).toBe(1);
    expect(mask?.logits?.count).toBe(3);
    expect(wire.kernel.received.at(-1)).toMatchObject({ type: "candidates", view: "you", object: 1 });
    detach();
  });
});

describe("a click", () => {
  test("shows before the kernel knows, and its mask when the model has answered", () => {
    wire.session.edit([add, click(30)]);
    expect([wire.points, wire.session.rev.value, wire.session.isSettled.value]).toEqual([[30], 0, false]);
    wire.flush();
    expect([wire.points, wire.session.rev.value, wire.session.isSettled.value]).toEqual([[30], 1, true]);
    const [object] = wire.session.document.value.objects;
    const mask = wire.session.masks.value.get(1);
    expect(mask).toMatchObject({ rev: 1, scores: { best: 1 }, logits: { count: 3 } });
    expect(object && shapeOf(object, mask, image)).toBe(mask?.exact?.shape);
    expect(wire.session.results.value).toBe(1);
  });

  test("outside the picture is refused here, in words", () => {
    wire.session.edit([add, click(900)]);
    expect(wire.session.notice.value).toMatch("outside");
    expect([wire.points, wire.up]).toEqual([[], []]);
  });

  test("that the kernel refuses is taken back, in its words", () => {
    wire.session.edit([add, click(30)]);
    const [request] = wire.up.splice(0);
    wire.session.receive(
      { type: "failure", view: "me", seq: request?.seq, code: "conflict", message: "no" },
      [],
    );
    expect([wire.session.notice.value, wire.points]).toEqual(["no", []]);
    expect(wire.up.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("that goes well takes away what was said of an earlier one", () => {
    wire.session.edit([add, click(900)]);
    expect(wire.session.notice.value).not.toBeNull();
    wire.session.edit([add, click(30)]);
    wire.flush();
    expect(wire.session.notice.value).toBeNull();
  });

  test("whose message or answer gets lost arrives all the same, once", () => {
    const loseAnswer = () => {
      for (const request of wire.up.splice(0)) wire.kernel.take(request);
      wire.down = [];
    };
    for (const lose of [() => wire.up.splice(0), loseAnswer]) {
      wire.session.edit(wire.points.length === 0 ? [add, click(30)] : [click(40 + wire.points.length)]);
      lose();
      wire.pass(8000);
    }
    expect(wire.points).toEqual([30, 41]);
    expect(wire.kernel.document.objects[0]?.points).toHaveLength(2);
    expect(wire.session.masks.value.get(1)?.rev).toBe(2);
  });
});

describe("a result", () => {
  beforeEach(() => {
    wire.session.edit([add, click(30)]);
    wire.flush();
  });

  /** Run a click up to the point where its result is on the wire, and take that off. */
  function resultOf(edit: Edit): Message {
    wire.session.edit([edit]);
    for (const request of wire.up.splice(0)) wire.kernel.take(request);
    for (const message of wire.down.splice(0)) wire.deliver(message);
    for (const work of wire.model.splice(0)) work();
    const [result, ...rest] = wire.down.splice(0);
    expect(rest).toEqual([]);
    if (result === undefined) throw new Error("the model said nothing");
    return result;
  }

  test("of older prompts than those on the page is ignored", () => {
    const old = resultOf(click(40));
    const next = resultOf(click(50));
    wire.deliver(next);
    const mask = wire.session.masks.value.get(1);
    wire.deliver(old);
    expect(wire.session.masks.value.get(1)).toBe(mask);
    expect(mask?.rev).toBe(3);
  });

  test("of older prompts is ignored while newer ones are not even answered", () => {
    const old = resultOf(click(40));
    wire.session.edit([click(50)]);
    wire.deliver(old);
    expect(wire.session.masks.value.get(1)?.rev).toBe(1);
    wire.flush();
    expect(wire.session.masks.value.get(1)?.rev).toBe(3);
  });

  test("that overtakes the answer to its own click is kept for it", () => {
    wire.session.edit([click(40)]);
    for (const request of wire.up.splice(0)) wire.kernel.take(request);
    for (const work of wire.model.splice(0)) work();
    for (const message of wire.down.splice(0).reverse()) wire.deliver(message);
    expect(wire.session.masks.value.get(1)?.rev).toBe(2);
  });

  test("that never comes is asked for", () => {
    resultOf(click(40)); // lost; the kernel's next word on the document speaks of it
    wire.session.edit([{ kind: "rename_object", object: 1, name: "wheel" }]);
    wire.pass(6000);
    expect(wire.session.masks.value.get(1)).toMatchObject({ rev: 2, logits: { count: 1 } });
    expect(wire.session.masks.value.get(1)?.exact).not.toBeNull();
  });

  test("of another life of the kernel makes the page ask for everything", () => {
    wire.session.receive({ type: "status", epoch: "epoch-2", status: { state: "ready", text: "" } }, []);
    expect(wire.up.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("with a broken mask does not break the page", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { content, buffers } = resultOf(click(40));
    wire.deliver({ content, buffers: buffers.map(() => Uint8Array.from([255])) });
    expect(wire.session.masks.value.get(1)).toMatchObject({ rev: 2, exact: null });
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });

  test("goes with the last prompt, at once", () => {
    wire.session.edit([{ kind: "remove_point", object: 1, index: 0 }]);
    expect(wire.session.masks.value.size).toBe(0);
    wire.flush();
    expect(wire.session.masks.value.size).toBe(0);
  });

  test("comes back with undo, and goes with it", () => {
    wire.session.edit([click(50)]);
    wire.flush();
    wire.session.history("undo");
    wire.flush();
    expect([wire.points, wire.session.masks.value.get(1)?.scores?.iou.length]).toEqual([[30], 3]);
    wire.session.history("undo");
    wire.flush();
    expect([wire.session.document.value.objects, wire.session.masks.value.size]).toEqual([[], 0]);
    expect(wire.session.document.value).toMatchObject({ can_undo: false, can_redo: true });
  });
});

describe("another candidate", () => {
  beforeEach(() => {
    wire.session.edit([add, click(30)]);
    wire.flush();
  });
  const shown = () => {
    const [object] = wire.session.document.value.objects;
    return object && shapeOf(object, wire.session.masks.value.get(1), image);
  };

  test("shows at once, from the logits, and then as the kernel has it", () => {
    const best = shown();
    wire.session.edit([{ kind: "choose_candidate", object: 1, candidate: 2 }]);
    const preview = shown();
    expect(preview).not.toBe(best);
    expect(preview?.rings.length).toBeGreaterThan(0);
    wire.flush();
    expect(wire.session.masks.value.get(1)?.exact).toMatchObject({ candidate: 2 });
    expect(shown()).toBe(wire.session.masks.value.get(1)?.exact?.shape);
  });

  test("is not covered by the mask of the one before, which is still on its way", () => {
    wire.session.edit([{ kind: "choose_candidate", object: 1, candidate: 2 }]);
    const preview = shown();
    const [object] = wire.kernel.document.objects;
    if (object === undefined) throw new Error("no object");
    wire.kernel.result(object, 1);
    for (const message of wire.down.splice(0)) wire.deliver(message);
    expect(wire.session.masks.value.get(1)?.exact).toBeNull();
    expect(shown()?.rings).toEqual(preview?.rings);
  });

  test("is forgotten with the next click", () => {
    wire.session.edit([{ kind: "choose_candidate", object: 1, candidate: 2 }]);
    wire.session.edit([click(50)]);
    wire.flush();
    expect(wire.session.document.value.objects[0]?.candidate).toBeNull();
  });
});

describe("a silent kernel", () => {
  beforeEach(() => {
    wire.pass(500); // the first sign of life
    wire.isCut = true;
  });

  test("is said to be busy after 1.5 seconds, and lost after 5", () => {
    wire.session.edit([add, click(30)]);
    wire.pass(1250);
    expect(wire.session.connection.value).toBe("live");
    wire.pass(500);
    expect(wire.session.connection.value).toBe("waiting");
    wire.pass(3500);
    expect(wire.session.connection.value).toBe("lost");
    expect(wire.session.isOpen.value).toBe(false);
  });

  test("gets what was clicked meanwhile when it answers, and no more", () => {
    wire.session.edit([add, click(30)]);
    wire.session.edit([click(50)]);
    wire.pass(6000);
    wire.session.edit([click(60)]);
    expect(wire.points).toEqual([30, 50]);
    wire.isCut = false;
    wire.pass(12_000);
    expect(wire.session.connection.value).toBe("live");
    expect(wire.kernel.document.objects[0]?.points.map(({ x }) => x)).toEqual([30, 50]);
    expect(wire.session.masks.value.get(1)?.rev).toBe(2);
  });

  test("is found out even when nobody clicks", () => {
    wire.pass(17_000);
    expect(wire.session.connection.value).toBe("lost");
  });

  test("that comes back in another life starts the page anew", () => {
    wire.session.edit([add, click(30)]);
    wire.pass(6000);
    wire.kernel = wire.start("epoch-2");
    wire.isCut = false;
    wire.pass(12_000);
    expect(wire.session.connection.value).toBe("live");
    expect(wire.session.isSettled.value).toBe(true);
    expect(wire.points).toEqual(
      wire.kernel.document.objects.flatMap(({ points }) => points.map(({ x }) => x)),
    );
  });

  test("is not blamed for the time that the page slept", () => {
    wire.session.edit([add, click(30)]);
    wire.now += 3_600_000;
    wire.session.tick();
    expect(wire.session.connection.value).not.toBe("lost");
  });

  test("that cannot even be sent to does not break the page", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const mute = new Session("me", () => {
      throw new Error("no comm");
    });
    mute.attach()();
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });
});

test("whatever the wire does to the messages, page and kernel end the same", () => {
  let seed = 1;
  const random = (n: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % n;
  };
  for (let round = 0; round < 40; round++) {
    const tried = new Wire();
    tried.flush();
    tried.session.edit([add, click(1)]);
    for (let step = 0; step < 30; step++) {
      const fate = random(12);
      if (fate === 0) tried.up.splice(random(tried.up.length + 1), 1);
      if (fate === 1) tried.down.splice(random(tried.down.length + 1), 1);
      if (fate === 2) tried.down.push(...tried.down.slice(-1));
      if (fate === 3) tried.session.history(random(2) === 0 ? "undo" : "redo");
      if (fate === 4 && tried.session.document.value.objects.length > 0)
        tried.session.edit([click(random(64), random(48))]);
      if (fate === 5)
        tried.session.edit(
          tried.session.document.value.objects.length > 0 ? [{ kind: "remove_object", object: 1 }] : [add],
        );
      if (fate === 6) tried.session.tick();
      if (fate > 6) for (const request of tried.up.splice(0, 1)) tried.kernel.take(request);
      if (fate > 7) for (const message of tried.down.splice(0, 1)) tried.deliver(message);
      if (fate > 9) for (const work of tried.model.splice(0, 1)) work();
      tried.now += 100;
    }
    tried.pass(60_000);
    const { session, kernel } = tried;
    expect(session.document.value.objects.map(({ id, points, box }) => ({ id, points, box }))).toEqual(
      kernel.document.objects.map(({ id, points, box }) => ({ id, points, box })),
    );
    expect([session.rev.value, session.isSettled.value]).toEqual([kernel.document.rev, true]);
    for (const object of kernel.document.objects)
      expect(session.masks.value.get(object.id)?.rev ?? null).toBe(object.result_rev);
    tried.detach();
  }
}, 60_000);
