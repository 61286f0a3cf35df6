/** A pool under watch with short times, and what was told of it: for tests. */
import type { PoolNotice } from "../../src/engine/integrations/pool/pool-driver.ts";
import type { PoolWatch, WatchPoolOptions } from "../../src/engine/integrations/pool/watch-pool.ts";
import { RecordingEngine } from "./recording-engine.ts";

export interface WatchedPool {
  readonly engine: RecordingEngine;
  readonly notices: readonly PoolNotice[];
  readonly watch: PoolWatch;
  /** Resolves with the first such notice; the test's own time limit ends the wait. */
  readonly told: (event: PoolNotice["event"]) => Promise<PoolNotice>;
}

type Watch<Pool> = (engine: RecordingEngine, pool: Pool, options: WatchPoolOptions) => PoolWatch;

export function watchedPool<Pool>(watchIt: Watch<Pool>, pool: Pool): WatchedPool {
  const engine = new RecordingEngine();
  const notices: PoolNotice[] = [];
  const onNotice = (notice: PoolNotice): void => void notices.push(notice);
  const watch = watchIt(engine, pool, { suspectAfterMs: 300, probeTimeoutMs: 400, onNotice });
  const told = async (event: PoolNotice["event"]): Promise<PoolNotice> => {
    for (;;) {
      const found = notices.find((notice) => notice.event === event);
      if (found !== undefined) return found;
      await pause(10);
    }
  };
  return { engine, notices, watch, told };
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
