import { beforeEach, describe, expect, test } from "vitest";
import { type AnyReply, type AnyRequest, Channel } from "./channel";

let sent: AnyRequest[];
let answers: AnyReply[];
let channel: Channel;
const settle = (reply: AnyReply) => answers.push(reply);
const edit = { type: "edit", rev: 0, edits: [] } as const;
const ack = (seq: number, view = "me"): AnyReply => ({ type: "ack", view, seq, rev: 1 });
const kinds = () => sent.map(({ type, seq }) => `${type} ${seq}`);

beforeEach(() => {
  [sent, answers] = [[], []];
  channel = new Channel("me", (request) => sent.push(request));
});

/** Let time pass in steps of 250 ms, as the session does. */
function pass(from: number, to: number): void {
  for (let now = from; now <= to; now += 250) channel.tick(now);
}

describe("a request", () => {
  test("gets the answer with its number, once", () => {
    channel.ask(edit, 0, settle);
    expect(channel.receive(ack(0))).toBe(true);
    expect(channel.receive(ack(0))).toBe(false);
    expect(answers).toEqual([ack(0)]);
  });

  test("is not answered by what was meant for another view", () => {
    channel.ask(edit, 0, settle);
    expect(channel.receive(ack(0, "you"))).toBe(false);
    expect(answers).toEqual([]);
  });

  test("gets its own answer when answers come in another order", () => {
    const got: string[] = [];
    channel.ask(edit, 0, () => got.push("first"));
    channel.ask(edit, 0, () => got.push("second"));
    channel.receive(ack(1));
    channel.receive(ack(0));
    expect(got).toEqual(["second", "first"]);
  });

  test("is sent again with the same number after 2, 4, 8 and then every 10 seconds", () => {
    channel.ask(edit, 0, settle);
    const resent: number[] = [];
    for (let now = 250; now <= 40_000; now += 250) {
      const before = sent.filter(({ type }) => type === "edit").length;
      channel.tick(now);
      if (sent.filter(({ type }) => type === "edit").length > before) resent.push(now / 1000);
    }
    expect(resent).toEqual([2, 6, 14, 24, 34]);
    expect(new Set(sent.filter(({ type }) => type === "edit").map(({ seq }) => seq))).toEqual(new Set([0]));
  });

  test("is not sent again once answered", () => {
    channel.ask(edit, 0, settle);
    channel.receive(ack(0));
    pass(250, 9000);
    expect(kinds().filter((kind) => kind.startsWith("edit"))).toEqual(["edit 0"]);
  });

  test("brings its buffers along", () => {
    let got: unknown;
    channel.ask({ type: "picture", width: 9 }, 0, (_, bytes) => {
      got = bytes;
    });
    const bytes = [Uint8Array.from([1])];
    channel.receive({ type: "picture_data", view: "me", seq: 0, key: "k", buffers: [] }, bytes);
    expect(got).toBe(bytes);
  });
});

describe("a hello", () => {
  test("takes the place of an older one", () => {
    channel.hello(0, settle);
    channel.hello(10, settle);
    const snapshot = (seq: number) => ({ ...ack(seq), type: "snapshot" }) as unknown as AnyReply;
    expect(channel.receive(snapshot(0))).toBe(false);
    expect(channel.isGreeting).toBe(true);
    expect(channel.receive(snapshot(1))).toBe(true);
    expect(channel.isGreeting).toBe(false);
  });
});

describe("signs of life", () => {
  test("are asked for every 10 seconds, and every 2 while something is unanswered", () => {
    channel.tick(0);
    channel.receive({ type: "pong", view: "me", seq: 0, epoch: "e", rev: 0 });
    pass(250, 9_750);
    expect(kinds()).toEqual(["ping 0"]);
    pass(10_000, 15_000);
    expect(kinds()).toEqual(["ping 0", "ping 1", "ping 2", "ping 3"]);
  });

  test("silence begins with the first thing that stays unanswered, and ends with any answer", () => {
    expect(channel.silence(5000)).toBe(0);
    channel.ask(edit, 1000, settle);
    channel.ping(3000);
    expect(channel.silence(7000)).toBe(6000);
    channel.receive({ type: "pong", view: "me", seq: 1, epoch: "e", rev: 0 });
    expect(channel.silence(7000)).toBe(0);
    expect(channel.patience(7000)).toBe(6000);
    channel.receive(ack(0));
    expect(channel.patience(7000)).toBe(0);
  });

  test("a frame that a camera owes is no sign of a busy kernel", () => {
    const show = { width: 64, quality: 80, purpose: "show", generation: 0, preview: false } as const;
    channel.ask({ type: "frames", frames: [9], ...show }, 1000, settle);
    expect(channel.patience(7000)).toBe(0);
    channel.ask(edit, 3000, settle);
    expect(channel.patience(7000)).toBe(4000);
  });

  test("time that the page slept through is nobody's silence", () => {
    channel.ask(edit, 0, settle);
    channel.forgiveSilence(60_000);
    expect(channel.silence(61_000)).toBe(1000);
  });

  test("what is dropped is not waited for", () => {
    channel.ask(edit, 0, settle);
    channel.drop();
    expect(channel.receive(ack(0))).toBe(false);
    expect([channel.silence(9000), channel.patience(9000)]).toEqual([0, 0]);
  });
});
