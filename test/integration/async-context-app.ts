/**
 * A service whose requests wait for each other, time out and are done again: says in whose async
 * context each attempt and each fallback ran. Real timers: a manual clock has no context to lose.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../../src/engine/engine.ts";

const request = new AsyncLocalStorage<string>();
const names = ["ada", "bob", "cid"];
const timeout = 300;
/** Beyond the timeout, and before one who waits for a place from then on has waited too long. */
const hangsForMs = 330;

interface Scene {
  readonly options: WrapOptions;
  /** How the first attempt of each request ends. */
  readonly first: "fails" | "hangs" | "is_slow";
}

const refused = (): Error => Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
const again = { autoRetry: true, retry: { attempts: 2, delay: 1 } } as const;
const once = { autoRetry: false } as const;
const narrow = { bulkhead: { limit: 1, queue: 10 } } as const;
const fallback = (): unknown => request.getStore();

const scenes: Readonly<Record<string, Scene>> = {
  retryAfterFailure: { options: again, first: "fails" },
  retryAfterTimeout: { options: { ...again, timeout }, first: "hangs" },
  retryAfterTimeoutInFullBulkhead: {
    options: { ...again, timeout, bulkhead: { limit: 3, queue: 10 } },
    first: "hangs",
  },
  retryInFullBulkhead: { options: { ...again, ...narrow }, first: "fails" },
  fallbackAfterFailure: { options: { ...once, fallback }, first: "fails" },
  fallbackAfterTimeout: { options: { ...once, timeout, fallback }, first: "hangs" },
  fallbackAfterWait: { options: { ...once, ...narrow, timeout, fallback }, first: "hangs" },
  fallbackAfterRetry: { options: { ...again, timeout, fallback }, first: "hangs" },
  fallbackInFullBulkhead: {
    options: { ...once, bulkhead: { limit: 1, queue: 0 }, fallback },
    first: "is_slow",
  },
};

async function play({ options, first }: Scene, service: string): Promise<unknown> {
  const engine = new InfrastructureReliabilityEngine({ service: "context" });
  const seen = new Map<string, (string | undefined)[]>();
  const alwaysFails = options.fallback !== undefined;
  const it = engine.wrap(
    service,
    {
      async warm(): Promise<void> {},
      async ask(name: string): Promise<string | undefined> {
        const attempts = seen.get(name) ?? [];
        seen.set(name, attempts);
        attempts.push(request.getStore());
        if (attempts.length > 1 && !alwaysFails) return request.getStore();
        if (first === "fails") throw refused();
        const takesMs = first === "hangs" ? hangsForMs : 10;
        await new Promise((resolve) => setTimeout(resolve, takesMs));
        return request.getStore();
      },
    },
    options,
  );
  const answers = await Promise.all(names.map((name) => request.run(name, () => it.ask(name))));
  await engine.close();
  return { answers, attempts: names.map((name) => seen.get(name) ?? []) };
}

const played = Object.entries(scenes).map(async ([name, scene]) => [name, await play(scene, name)]);
process.stdout.write(JSON.stringify(Object.fromEntries(await Promise.all(played))));
