/** P1 to P3 by a clock that tests move; with a receiver: test/integration/engine-alerts. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { AlertPace } from "./alert-pace.ts";

function paceOf(subjectsMax = 10) {
  const tools = new ManualTools();
  const sent: string[] = [];
  const pace = new AlertPace<{ readonly severity: string; readonly text: string }>({
    tools,
    send: ({ severity, text }) => void sent.push(`${severity} ${text}`),
    quietMs: 300_000,
    subjectsMax,
  });
  const offer = (severity: string, text: string, key = "shop") =>
    pace.offer(key, { severity, text });
  return { tools, sent, pace, offer };
}

test("what becomes worse is told at once, the same again is not (P1)", () => {
  const { sent, offer } = paceOf();
  offer("warning", "one");
  offer("warning", "two");
  offer("critical", "three");
  offer("critical", "four");
  expect(sent).toEqual(["warning one", "critical three"]);
});

test("ill, well, and ill again: the end is told, once it may be (P2)", async () => {
  const { tools, sent, offer } = paceOf();
  offer("critical", "ill");
  await tools.advance(60_000);
  offer("info", "well");
  await tools.advance(60_000);
  offer("critical", "ill again");
  await tools.advance(179_000);
  expect(sent).toEqual(["critical ill", "info well"]);
  await tools.advance(1000);
  expect(sent).toEqual(["critical ill", "info well", "critical ill again"]);
  await tools.advance(600_000);
  expect(sent).toHaveLength(3);
});

test("who was ill for a moment only, and has been told to be well, hears nothing more (P2)", async () => {
  const { tools, sent, offer } = paceOf();
  offer("critical", "ill");
  offer("info", "well");
  offer("critical", "ill again");
  offer("info", "well again");
  await tools.advance(600_000);
  expect(sent).toEqual(["critical ill", "info well"]);
  expect(tools.pendingTimers).toBe(0);
});

test("what is held back goes out at the end, and where there is no more room for it (P2, P3)", () => {
  const { tools, sent, pace, offer } = paceOf(2);
  for (const key of ["a", "b"]) {
    offer("critical", key, key);
    offer("info", key, key);
    offer("critical", `${key} again`, key);
  }
  sent.length = 0;
  offer("info", "c", "c");
  expect(sent).toEqual(["critical a again", "info c"]);
  pace.close();
  expect(sent).toEqual(["critical a again", "info c", "critical b again"]);
  expect(tools.pendingTimers).toBe(0);
});
