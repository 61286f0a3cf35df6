/**
 * The order in which every fault lands: the undo is armed, then the blow falls; a blow that fails
 * is undone at once. Keeps F1 of `fault.ts`.
 */
import type { ProcessIdentity } from "../model/index.ts";
import { isAlive, livingStat } from "../system/index.ts";
import type { Injection, Scene } from "./fault.ts";
import { Refusal } from "./refusal.ts";
import { type UndoStep, undoSteps } from "./undo-recipe.ts";
import { waitUntil } from "./wait-until.ts";

export interface Blow {
  /** None: what it does passes by itself, or has nothing to be taken back. */
  readonly undo: readonly UndoStep[];
  readonly undoAfterMs?: number;
  /** Does it, and says what it did; with `at` where it landed later than it was sent. */
  land(): Promise<Landed | string> | Landed | string;
  /** What the drill does in place of the steps, when it lives to take the fault away. */
  release?(): Promise<void>;
  /** What the drill lets go of afterwards, whatever became of the rest. */
  after?(): void;
  readonly proof?: Injection["proof"];
}

export interface Landed {
  readonly what: string;
  readonly at: number;
}

const undoAfterMs = 120_000;

export async function strike(scene: Scene, blow: Blow): Promise<Injection> {
  const recipe = { steps: blow.undo, afterMs: blow.undoAfterMs ?? undoAfterMs };
  const disarm = blow.undo.length > 0 ? await scene.arm(recipe) : undefined;
  let undone: Promise<void> | undefined;
  const undo = (): Promise<void> => {
    undone ??= takeAway(blow, disarm);
    return undone;
  };
  try {
    const at = scene.clock.now().wallMs;
    const landed = await blow.land();
    const { proof } = blow;
    return {
      ...(typeof landed === "string" ? { what: landed, at } : landed),
      undo,
      ...(proof === undefined ? {} : { proof }),
    };
  } catch (error) {
    await undo();
    throw error;
  }
}

async function takeAway(blow: Blow, disarm: (() => Promise<void>) | undefined): Promise<void> {
  if (blow.release) await blow.release();
  const troubles = blow.release ? [] : await undoSteps(blow.undo);
  blow.after?.();
  // What could not be taken away stays armed: the other process tries again.
  if (troubles.length > 0) throw new Error(`the fault could not be undone: ${troubles.join("; ")}`);
  await disarm?.();
}

/** Keeps F2: refuses unless the process is the one that was recorded. */
export function sendSignal(target: ProcessIdentity, signal: NodeJS.Signals): string {
  if (!isAlive(target)) {
    throw new Refusal(`pid ${target.pid} is not the process that was recorded`);
  }
  process.kill(target.pid, signal);
  return `${signal} to pid ${target.pid}`;
}

/** The same, and waits until the kernel has carried it out. */
export async function landSignal(
  target: ProcessIdentity,
  signal: "SIGKILL" | "SIGSTOP",
): Promise<string> {
  const what = sendSignal(target, signal);
  const isDone = (state: string | undefined): boolean =>
    state === undefined || (signal === "SIGSTOP" && state === "T");
  await waitUntil(what, () => isDone(livingStat(target)?.state) || undefined, { everyMs: 1 });
  return what;
}
