/** Starts the independent undo of a fault. It is armed when the promise resolves, never later. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Disarm } from "./fault.ts";
import { startOwn } from "./start-process.ts";
import type { UndoRecipe } from "./undo-recipe.ts";
import type { UndoOrder } from "./undo-timer.ts";

const armLimitMs = 10_000;

export async function armUndo(recipe: UndoRecipe): Promise<Disarm> {
  const timer = startOwn("undo-timer");
  const signal = AbortSignal.timeout(armLimitMs);
  try {
    const armed = once(timer, "message", { signal });
    order(timer, { kind: "arm", recipe });
    await armed;
  } catch (error) {
    timer.kill("SIGKILL");
    throw new Error("the independent undo could not be armed", { cause: error });
  }
  // It waits for us; we do not wait for it.
  timer.unref();
  timer.channel?.unref();
  return () => disarm(timer);
}

async function disarm(timer: ChildProcess): Promise<void> {
  if (timer.exitCode !== null || timer.signalCode !== null || !timer.connected) return;
  timer.ref();
  const ended = once(timer, "exit");
  order(timer, { kind: "disarm" });
  await ended;
}

function order(timer: ChildProcess, message: UndoOrder): void {
  // A channel that closed meanwhile shows as a missing answer, or as an ended process.
  timer.send(message, () => {});
}
