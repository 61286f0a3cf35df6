/**
 * What is usual outlives the daemon. The loop is given what those before it knew, page by page
 * beside its work: ten thousand series are some thirty megabytes, and no start waits for them. At
 * an end in order what it has learned since the last hour is written.
 */
import { sketchesOf } from "../knowledge/index.ts";
import type { Conductor } from "../loop/index.ts";
import { realClock, realTimers } from "../system/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";

const pageRows = 200;
const againMs = 10_000;

export interface KeepUsualOptions {
  readonly conductor: Conductor;
  readonly knowledge: KnowledgeBase;
  readonly log: DaemonLog;
}

/** A store that is away is asked again. What is returned is for the end. */
export function keepUsual(options: KeepUsualOptions): () => Promise<void> {
  const { conductor, knowledge, log } = options;
  const { store, keeper } = knowledge;
  const ended = new AbortController();
  let before: number | undefined;
  const recall = async (): Promise<void> => {
    try {
      while (!ended.signal.aborted) {
        const query = { limit: pageRows, ...(before === undefined ? {} : { before }) };
        const page = await store.sketches(query);
        before = page.at(-1)?.id;
        if (before === undefined) return;
        conductor.recall(page);
      }
    } catch (error) {
      log.complain("what is usual is not known yet", error);
      const cancel = realTimers.after(againMs, () => void recall());
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
