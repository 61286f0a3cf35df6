/**
 * Work that is begun again while somebody else works in the vault, for as long as `--wait` says.
 *
 * 1. Without `--wait` nobody is waited for.
 * 2. Work that was refused has changed nothing: what it needs for itself alone it takes first.
 */
import { setTimeout as pause } from "node:timers/promises";
import { claimVault, vaultFolder } from "../../custodian/index.ts";
import { formatDuration, parseDurationMs, SoulMirrorError } from "../../kernel/index.ts";
import { realMonotonicMs } from "../../system/index.ts";
import type { Context, Options } from "../command.ts";
import { plainText } from "../plain-text.ts";
import { chosenVault } from "./chosen-vault.ts";

type Work = (context: Context, signal: AbortSignal) => Promise<number>;

/** Between two looks whether it is free here; and between two tries at the locations. */
const [lookEveryMs, tryEveryMs] = [500, 5000];

export function waiting(work: Work): Work {
  return async (context, signal) => {
    const forMs = waitMs(context.options);
    const untilMs = realMonotonicMs() + forMs;
    for (let tries = 1; ; tries += 1) {
      try {
        return await work(context, signal);
      } catch (error) {
        const leftMs = untilMs - realMonotonicMs();
        if (!isLocked(error) || leftMs <= 0) throw error;
        if (tries === 1) {
          const told = plainText(error.message);
          context.out.note(`${told}; waiting for at most ${formatDuration(forMs)}`);
        }
        const isHere = await untilFreeHere(context, { untilMs, signal });
        if (!isHere) await pause(Math.min(leftMs, tryEveryMs), undefined, { signal });
      }
    }
  };
}

/** Whether it was a process of this machine that had to be waited for. */
async function untilFreeHere(
  context: Context,
  { signal, untilMs }: { readonly untilMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const folder = vaultFolder(context.place.dataPath, chosenVault(context).name);
  for (let looks = 0; ; looks += 1) {
    try {
      claimVault(folder).release();
      return looks > 0;
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (realMonotonicMs() >= untilMs) return true;
    }
    await pause(lookEveryMs, undefined, { signal });
  }
}

function isLocked(error: unknown): error is SoulMirrorError {
  return error instanceof SoulMirrorError && error.code === "VAULT_LOCKED";
}

function waitMs(options: Options): number {
  const text = options.text("wait");
  if (text === undefined) return 0;
  const forMs = parseDurationMs(text);
  if (forMs !== undefined) return forMs;
  throw new SoulMirrorError("BAD_REQUEST", `--wait is a duration, not "${text}"`, {
    fix: "write for example --wait 10m",
  });
}
