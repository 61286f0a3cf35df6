/** What every effector promises (the contract is in `src/model/effecting.ts`), as one suite. */
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import type { Command, Effector, StepResult } from "../../src/model/index.ts";

/** An effector in a small world of its own. */
export interface EffectorScene extends AsyncDisposable {
  readonly effector: Effector;
  /** Parameters of a step that works, once. */
  readonly good: JsonRecord;
  /** Parameters that fit the schema, of a step that cannot work. */
  readonly bad: JsonRecord;
  /** Parameters of a step that would take minutes; `begun` resolves when it is under way. */
  readonly slow?: { readonly parameters: JsonRecord; readonly begun: () => Promise<unknown> };
  /** Everything that the effector may change, as text. */
  world(): Promise<string>;
}

export function commandOf(
  effector: Effector,
  phase: Command["phase"],
  options: { parameters: JsonRecord; undo?: JsonRecord | undefined },
): Command {
  const { parameters, undo } = options;
  return {
    id: `act-1:${phase}`,
    phase,
    action: "act-1",
    step: { kind: effector.kind, resource: "service/shop", parameters, deadlineMs: 30_000 },
    ...(undo === undefined ? {} : { undo }),
    announced: true,
    afterSync: false,
  };
}

/** A signal that never comes. */
export function calm(): AbortSignal {
  return new AbortController().signal;
}

/** Any text with `part` in it, where a text is expected. */
export function containing(part: string): string {
  return expect.stringContaining(part) as string;
}

const answers = ["done", "refused", "failed", "later"];

const phases = ["precheck", "act", "undo"] as const;

async function run(
  effector: Effector,
  command: Command,
  signal: AbortSignal = calm(),
): Promise<StepResult> {
  const result = await effector[command.phase]?.(command, signal);
  return result ?? { kind: "refused", reason: "it has no undo" };
}

type Open = () => Promise<EffectorScene>;

export function effectorConformance(name: string, open: Open): void {
  describe(`effector ${name}`, () => {
    whenItWorks(open);
    whenItCannot(open);
    whenItIsLate(open);
  });
}

function whenItWorks(open: Open): void {
  test("precheck says yes and changes nothing, however often", async () => {
    await using scene = await open();
    const before = await scene.world();
    for (let round = 0; round < 3; round += 1) {
      const command = commandOf(scene.effector, "precheck", { parameters: scene.good });
      expect(await run(scene.effector, command)).toMatchObject({ kind: "done" });
    }
    const bad = commandOf(scene.effector, "precheck", { parameters: scene.bad });
    expect(answers).toContain((await run(scene.effector, bad)).kind);
    expect(await scene.world()).toBe(before);
  });

  test("act changes the world; undo takes it back, and once more does no harm", async () => {
    await using scene = await open();
    const { effector, good: parameters } = scene;
    const before = await scene.world();
    const done = await run(effector, commandOf(effector, "act", { parameters }));
    expect(done).toMatchObject({ kind: "done", detail: expect.any(String) as string });
    expect(await scene.world()).not.toBe(before);
    if (effector.undo === undefined || done.kind !== "done") return;
    expect(done.undo).toBeDefined();
    // The record goes through the journal, so it has to survive JSON.
    const undo = JSON.parse(JSON.stringify(done.undo)) as JsonRecord;
    for (let round = 0; round < 2; round += 1) {
      const command = commandOf(effector, "undo", { parameters, undo });
      expect(await run(effector, command)).toMatchObject({ kind: "done" });
      expect(await scene.world()).toBe(before);
    }
  });
}

function whenItCannot(open: Open): void {
  test("a step that cannot work is answered with a reason", async () => {
    await using scene = await open();
    const command = commandOf(scene.effector, "act", { parameters: scene.bad });
    const result = await run(scene.effector, command);
    expect(["refused", "failed"]).toContain(result.kind);
    expect(result).toHaveProperty("reason", expect.stringMatching(/.{8}/) as string);
  });

  test("nonsense is refused, changes nothing and never rejects", async () => {
    await using scene = await open();
    const before = await scene.world();
    const nonsense: JsonRecord[] = [{}, { command: 1, url: [], root: null }, { files: {} }];
    for (const parameters of nonsense) {
      for (const phase of phases) {
        const command = commandOf(scene.effector, phase, { parameters, undo: { odd: true } });
        expect(await run(scene.effector, command)).toMatchObject({ kind: "refused" });
      }
    }
    const strange = commandOf(scene.effector, "undo", { parameters: scene.good });
    expect((await run(scene.effector, strange)).kind).toBe("refused");
    expect(await scene.world()).toBe(before);
  });
}

function whenItIsLate(open: Open): void {
  test("after its deadline nothing is begun", async () => {
    await using scene = await open();
    const before = await scene.world();
    for (const phase of phases) {
      const command = commandOf(scene.effector, phase, { parameters: scene.good });
      const result = await run(scene.effector, command, AbortSignal.abort());
      expect(result.kind).not.toBe("done");
    }
    expect(await scene.world()).toBe(before);
  });

  test("the deadline ends what is under way", async () => {
    await using scene = await open();
    if (scene.slow === undefined) return;
    const { parameters, begun } = scene.slow;
    const controller = new AbortController();
    const command = commandOf(scene.effector, "act", { parameters });
    const result = run(scene.effector, command, controller.signal);
    await begun();
    controller.abort();
    // The test's own time limit is the proof that it settles.
    expect(await result).toMatchObject({ kind: "failed", reason: expect.any(String) as string });
  });
}
