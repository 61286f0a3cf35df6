/** Streams of several choices: each of them has to end, and none hides another one. */
import { expect, test } from "vitest";
import { chatKind } from "./chat-kind.ts";

const word = (index: number) => ({ index, delta: { content: "x" }, finish_reason: null });
const tool = (index: number) => ({ index, delta: { tool_calls: [{ index: 0 }] } });
const finish = (index: number) => ({ index, delta: {}, finish_reason: "stop" });

test("as many choices as anybody asks for are followed to their end", () => {
  const watch = chatKind({ n: 128 }).watch();
  for (let index = 0; index < 128; index += 1) watch.see({ choices: [word(index)] });
  expect(watch.isWhole()).toBe(false);
  for (let index = 0; index < 128; index += 1) watch.see({ choices: [finish(index)] });
  expect([watch.isWhole(), watch.mayEnd()]).toEqual([true, true]);
});

test("choices without end are not all remembered", () => {
  const watch = chatKind({ n: 1e9 }).watch();
  for (let index = 0; index < 128; index += 1) watch.see({ choices: [finish(index)] });
  watch.see({ choices: [word(128)] });
  expect(watch.isWhole()).toBe(true);
});

test("an answer is not whole before each choice that was asked for has begun", () => {
  const watch = chatKind({ n: 2 }).watch();
  watch.see({ choices: [word(0)] });
  watch.see({ choices: [finish(0)] });
  expect(watch.isWhole()).toBe(false);
  // A provider that gives one choice only ends clean.
  expect(watch.mayEnd()).toBe(true);
  watch.see({ choices: [word(1)] });
  expect(watch.mayEnd()).toBe(false);
  watch.see({ choices: [finish(1)] });
  expect(watch.isWhole()).toBe(true);
});

test("a choice beside a tool call is seen, and the tool call is what the chunk is about", () => {
  const watch = chatKind({ n: 3 }).watch();
  expect(watch.see({ choices: [tool(0), word(1), finish(2)] })).toBe("tool");
  watch.see({ choices: [finish(0)] });
  expect(watch.mayEnd()).toBe(false);
  watch.see({ choices: [finish(1)] });
  expect(watch.isWhole()).toBe(true);
});
