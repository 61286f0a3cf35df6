/**
 * What is usual outlives the daemon. The loop is given what those before it knew, page by page
 * beside its work: ten thousand series are some thirty megabytes, and no start waits for them. At
 * an end in order what it has learned since the last hour is written; nothing is before all of it
 * has come, for it would replace what it has not heard of.
 */
import type { Timers } from "../kernel/index.ts";
import { sketchesOf } from "../knowledge/index.ts";
import type { Conductor } from "../loop/index.ts";
import { realClock } from "../system/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";

const pageRows = 200;
const againMs = 10_000;

export interface KeepUsualOptions {
  readonly conductor: Conductor;
  readonly knowledge: Pick<KnowledgeBase, "store" | "keeper">;
  readonly timers: Timers;
  readonly log: Pick<DaemonLog, "complain">;
}

/** A store that is away is asked again. What is returned is for the end. */
export function keepUsual(options: KeepUsualOptions): () => Promise<void> {
  const { conductor, knowledge, timers, log } = options;
  const { store, keeper } = knowledge;
  const ended = new AbortController();
  let before: number | undefined;
  const recall = async (): Promise<void> => {
    try {
      while (!ended.signal.aborted) {
        const query = { limit: pageRows, ...(before === undefined ? {} : { before }) };
        const sketches = await store.sketches(query);
        const last = sketches.at(-1);
        const isTaken = conductor.recall({ sketches, isLast: last === undefined });
        if (!isTaken) throw new Error("too much waits to be judged");
        if (last === undefined) return;
        before = last.id;
      }
    } catch (error) {
      log.complain("what is usual is not known yet", error);
      const cancel = timers.after(againMs, () => void recall());
      ended.signal.addEventListener("abort", cancel, { once: true });
    }
  };
  void recall();
  return async () => {
    ended.abort();
    if (keeper.kept !== "store") return;
    await store.writeSketches(sketchesOf(conductor.state.baselines, realClock.now()));
  };
}
