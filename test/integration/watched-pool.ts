/** A pool under watch with short times, and what was told of it: for tests. */
import type { PoolNotice } from "../../src/engine/integrations/pool/pool-driver.ts";
import type { PoolWatch, WatchPoolOptions } from "../../src/engine/integrations/pool/watch-pool.ts";
import { found } from "../until.ts";
import { RecordingEngine } from "./recording-engine.ts";

export interface WatchedPool {
  readonly engine: RecordingEngine;
  readonly notices: readonly PoolNotice[];
  readonly watch: PoolWatch;
  /** Resolves with the first such notice. */
  readonly told: (event: PoolNotice["event"]) => Promise<PoolNotice>;
}

type Watch<Pool> = (engine: RecordingEngine, pool: Pool, options: WatchPoolOptions) => PoolWatch;

export function watchedPool<Pool>(watchIt: Watch<Pool>, pool: Pool): WatchedPool {
  const engine = new RecordingEngine();
  const notices: PoolNotice[] = [];
  const onNotice = (notice: PoolNotice): void => void notices.push(notice);
  const watch = watchIt(engine, pool, { suspectAfterMs: 300, probeTimeoutMs: 400, onNotice });
  const told = (event: PoolNotice["event"]): Promise<PoolNotice> => {
    const look = () => notices.find((notice) => notice.event === event);
    return found(look, { what: `${event} is told`, seen: () => notices });
  };
  return { engine, notices, watch, told };
}

/** The rejection that nobody handles after `deed`; the runner's own listeners do not hear of it. */
export async function nextUnhandled(deed: () => void): Promise<unknown> {
  const before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  const unhandled = Promise.withResolvers<unknown>();
  process.once("unhandledRejection", (reason) => unhandled.resolve(reason));
  try {
    deed();
    return await unhandled.promise;
  } finally {
    for (const listener of before) process.on("unhandledRejection", listener);
  }
}
