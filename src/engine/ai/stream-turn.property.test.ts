/** What must hold of streams (S1-S5 of `stream-turn.ts`), whatever the providers do. */
import { array, assert, asyncProperty, boolean, constantFrom, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { AllFailedError, ManualTools } from "../../resilience/index.ts";
import { chatKind } from "./chat-kind.ts";
import { Group } from "./group.ts";
import type { Member } from "./member.ts";
import { StreamReader } from "./stream-reader.ts";
import { TruncatedStreamError } from "./truncated-stream-error.ts";
import { Turn } from "./turn.ts";

type Step = "role" | "word" | "tool" | "finish";
interface Script {
  readonly steps: readonly Step[];
  readonly end: "clean" | "error" | "stall";
}

const script = record({
  steps: array(constantFrom<Step[]>("role", "word", "word", "tool", "finish"), { maxLength: 6 }),
  end: constantFrom<Script["end"][]>("clean", "error", "stall"),
});

interface Provider extends Member {
  readonly script: Script;
  readonly signals: AbortSignal[];
  opened: number;
}

function chunkOf(step: Step, who: string): object {
  const delta = {
    role: { role: "assistant", content: "" },
    word: { content: `${who} ` },
    tool: { tool_calls: [{ index: 0, function: { name: "pay", arguments: "{}" } }] },
    finish: {},
  }[step];
  return { who, choices: [{ index: 0, delta, finish_reason: step === "finish" ? "stop" : null }] };
}

async function* play({ name, script: { steps, end } }: Provider): AsyncGenerator<object> {
  for (const step of steps) yield chunkOf(step, name);
  if (end === "error") throw new Error("boom");
  if (end === "stall") await new Promise(() => undefined);
}

interface Seen {
  readonly chunks: object[];
  readonly error: unknown;
}

async function readAll(providers: readonly Provider[], restarts: boolean): Promise<Seen> {
  const tools = new ManualTools();
  const onMidStreamFailure = restarts ? "restart" : "error";
  const group = new Group(providers, { tools, onMidStreamFailure });
  const turn = new Turn(group);
  const chunks: object[] = [];
  const reading = (async () => {
    const reader = await StreamReader.open<Provider, unknown>({
      turn,
      kind: chatKind(),
      open: async ({ member, signal }) => {
        member.opened += 1;
        member.signals.push(signal);
        return play(member);
      },
      degraded: async () => undefined,
    });
    for await (const chunk of reader) chunks.push(chunk as object);
  })().then(
    () => undefined,
    (error: unknown) => error,
  );
  // Time goes on only when all has happened that needs none: a stall is never a race.
  for (let stalls = 0; stalls < 2 * providers.length; stalls += 1) {
    for (let turns = 0; turns < 10; turns += 1) await tools.settle();
    await tools.advance(60_000);
  }
  expect(tools.pendingTimers).toBe(0);
  return { chunks, error: await reading };
}

function isWhole({ steps }: Script): boolean {
  return steps.includes("finish");
}

function providersOf(scripts: readonly Script[]): Provider[] {
  return scripts.map((each, index) => ({
    name: `p${index}`,
    script: each,
    signals: [],
    opened: 0,
  }));
}

function callsIn(chunks: readonly object[]): number {
  return JSON.stringify(chunks).split('"tool_calls"').length - 1;
}

function isSaid(step: Step): boolean {
  return step !== "role";
}

/** Before the first `finish`: what comes behind it is no part of the answer. */
function toolsOf({ steps }: Script): number {
  return steps.filter((step) => step === "tool").length;
}

describe("a stream through the ring", () => {
  it("ends clean exactly when somebody's answer was whole", async () => {
    await assert(
      asyncProperty(
        array(script, { minLength: 1, maxLength: 3 }),
        boolean(),
        async (scripts, restarts) => {
          const providers = providersOf(scripts);
          const { error, chunks } = await readAll(providers, restarts);
          const last = providers.findLast(({ opened }) => opened > 0);
          if (error === undefined) {
            expect(last && isWhole(last.script)).toBe(true);
            expect(JSON.stringify(chunks)).toContain('"finish_reason":"stop"');
          } else {
            expect(
              providers.filter(({ opened }) => opened > 0).every((p) => !isWhole(p.script)),
            ).toBe(true);
            expect(error instanceof AllFailedError || error instanceof TruncatedStreamError).toBe(
              true,
            );
          }
        },
      ),
    );
  });

  it("asks each provider once at most, in order, and leaves nothing open", async () => {
    await assert(
      asyncProperty(
        array(script, { minLength: 1, maxLength: 3 }),
        boolean(),
        async (scripts, restarts) => {
          const providers = providersOf(scripts);
          await readAll(providers, restarts);
          const opened = providers.map((provider) => provider.opened);
          expect(opened).toEqual(opened.toSorted((a, b) => b - a));
          expect(Math.max(...opened)).toBe(1);
          const ended = providers.filter((provider) => provider.opened > 0);
          for (const { signals, script: each } of ended) {
            const isAborted = signals.every((signal) => signal.aborted);
            // Who has succeeded is cut off only where the stream does not end by itself.
            expect(isAborted).toBe(!isWhole(each) || each.end !== "clean");
          }
        },
      ),
    );
  });

  it("hands on the tool calls of one provider at most", async () => {
    await assert(
      asyncProperty(
        array(script, { minLength: 1, maxLength: 3 }),
        boolean(),
        async (scripts, restarts) => {
          const providers = providersOf(scripts);
          const { chunks } = await readAll(providers, restarts);
          const most = Math.max(...providers.map((each) => toolsOf(each.script)));
          expect(callsIn(chunks)).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  it("shows nothing of a provider that said nothing, nor of a second one without a restart", async () => {
    await assert(
      asyncProperty(array(script, { minLength: 1, maxLength: 3 }), async (scripts) => {
        const providers = providersOf(scripts);
        const { chunks } = await readAll(providers, false);
        const heard = new Set(chunks.map((chunk) => (chunk as { who: string }).who));
        expect(heard.size).toBeLessThanOrEqual(1);
        const speaker = providers.find(({ name }) => heard.has(name));
        if (speaker !== undefined) expect(speaker.script.steps.some(isSaid)).toBe(true);
      }),
    );
  });
});
