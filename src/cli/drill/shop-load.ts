/**
 * The request generator of the example, found beside the fleet file: the drill's witness. What the
 * drill needs of it is written down here; the example knows nothing of SoulMirror.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SoulMirrorError } from "../../kernel/index.ts";

/** One request, as the generator wrote it down. */
export interface LedgerLine {
  /** Wall milliseconds of sending it. */
  readonly at: number;
  readonly service: string;
  readonly ok: boolean;
}

export interface RunningLoad {
  stop(): Promise<number | string>;
}

export type Healing =
  | { readonly kind: "open"; readonly reason: string }
  | { readonly kind: "unharmed" }
  | { readonly kind: "healed"; readonly afterMs: number };

export interface ReadBack {
  readonly acknowledged: number;
  readonly verified: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly wrong: number;
  /** Nobody answered for them: nothing is known. */
  readonly unreadable: number;
  /** Accepted, and still being worked on. */
  readonly inProgress: number;
  /** When (wall milliseconds) the writes were sent that are lost or wrong. */
  readonly damagedAt: readonly number[];
}

export interface ShopLoad {
  readonly FRONT_DOORS: Readonly<Record<string, string>>;
  startLoad(options: {
    readonly ledgerFile: string;
    readonly ratePerSecond: number;
    readonly seconds: number;
  }): RunningLoad;
  readLedger(
    file: string,
    fromByte?: number,
  ): Promise<{ readonly lines: readonly LedgerLine[]; readonly nextByte: number }>;
  countRequests(
    lines: readonly LedgerLine[],
    window: { readonly fromMs: number },
  ): { readonly requests: number; readonly failed: number };
  judgeHealing(
    lines: readonly LedgerLine[],
    options: { readonly faultAtMs: number; readonly nowMs: number; readonly windowMs: number },
  ): Healing;
  verifyLedger(options: {
    readonly targets: Readonly<Record<string, string>>;
    readonly ledgerFile: string;
    readonly waitMs: number;
    readonly limitMs: number;
    readonly signal: AbortSignal;
  }): Promise<ReadBack>;
}

export async function findLoad(folder: string): Promise<ShopLoad> {
  const path = join(folder, "load.js");
  if (!existsSync(path)) {
    throw new SoulMirrorError("NOT_FOUND", `there is no request generator ${path}`, {
      fix: "the drill breaks the example fleet: name it with -c examples/shop/soulmirror.yaml",
    });
  }
  return (await import(pathToFileURL(path).href)) as ShopLoad;
}
