/**
 * A daemon that could not read its past begins as the fleet file says. When the store is back, the
 * loop is given what was before, as one more input.
 */
import type { Timers } from "../kernel/index.ts";
import type { Conductor } from "../loop/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";

const againMs = 1000;

export interface RecallLateOptions {
  readonly conductor: Conductor;
  readonly knowledge: Pick<KnowledgeBase, "keeper">;
  readonly timers: Timers;
  readonly log: Pick<DaemonLog, "complain" | "info">;
}

/** What is returned ends it. */
export function recallLate({ conductor, knowledge, timers, log }: RecallLateOptions): () => void {
  const { keeper } = knowledge;
  const ended = new AbortController();
  const recall = async (): Promise<void> => {
    try {
      const memory = await keeper.recallLate();
      if (ended.signal.aborted) return;
      if (memory && conductor.recollect(memory)) {
        log.info("past-recalled", { slots: memory.slots.size, modes: memory.modes.size });
        return;
      }
    } catch (error) {
      log.complain("what was before is not known yet", error);
    }
    const cancel = timers.after(againMs, () => void recall());
    ended.signal.addEventListener("abort", cancel, { once: true });
  };
  if (keeper.lacksPast) void recall();
  return () => ended.abort();
}
