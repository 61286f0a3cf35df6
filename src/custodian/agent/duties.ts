/**
 * What an agent does besides protecting, when it is time or when it is asked: mending of locations
 * and drills. Each works in a vault that it opens for itself, so that protecting goes on.
 *
 * D1. One at a time; who asks meanwhile waits.
 * D2. A vault in which somebody works is waited for, within limits.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { VaultSpec } from "../../config/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { isDamage, withSession } from "../../vault/index.ts";
import { arrivedSnapshots } from "../arrived-snapshots.ts";
import { runDrill } from "../drill/run-drill.ts";
import { healVault } from "../heal-vault.ts";
import type { OpenedVault, Opening } from "../open-vault.ts";
import { Turns } from "./turns.ts";

export type OpenVault = (
  options: Pick<Opening, "mending" | "onDamage" | "signal">,
) => Promise<OpenedVault>;

export interface DutyOptions {
  readonly spec: VaultSpec;
  /** See `vaultFolder`. */
  readonly folder: string;
  readonly open: OpenVault;
  readonly signal: AbortSignal;
}

const toldMax = 20;
const lockedTries = 60;
const lockedPauseMs = 1000;

export class Duties {
  readonly #options: DutyOptions;
  readonly #turns = new Turns();

  constructor(options: DutyOptions) {
    this.#options = options;
  }

  /** Rejects when something is not as it should be in the end, and says what. */
  heal(): Promise<void> {
    return this.#inTurn(async () => {
      const { folder, open, signal } = this.#options;
      await using opened = await open({ signal, mending: { refill: [] } });
      const outcome = await healVault({ opened, folder, readsAll: false, signal });
      const problems = [
        ...outcome.left.map(({ location, reason }) => `${location}: ${reason}`),
        ...outcome.findings.filter(isDamage).map(({ id, kind, location }) => {
          return `${location}: ${kind} ${id} is not mended`;
        }),
      ].slice(0, toldMax);
      if (problems.length > 0) throw new SoulMirrorError("VAULT_DAMAGED", problems.join("; "));
    });
  }

  /** Rejects when the restore differed, or could not be made. */
  drill(): Promise<void> {
    return this.#inTurn(async () => {
      const { folder, open, signal, spec } = this.#options;
      await using opened = await open({ signal });
      const wish = { isExclusive: false, mayGoWithoutLock: true, signal };
      const drilled = await withSession(opened.vault, wish, async (session) => {
        const { hostname } = opened.surroundings.worker;
        // Others may keep theirs in the same vault: what is proven is that ours come back.
        const snapshot = (await arrivedSnapshots(session, folder)).findLast(
          (each) => each.hostname === hostname,
        );
        if (snapshot === undefined) {
          throw new SoulMirrorError("NOT_FOUND", `there is no snapshot of ${hostname}`);
        }
        return await runDrill(session, { spec, snapshot, folder });
      });
      const failed = drilled.filter(({ isProven }) => !isProven).map(({ location }) => location);
      if (failed.length === 0) return;
      const message = `what was restored differs: ${failed.join(", ")}`;
      throw new SoulMirrorError("VAULT_DAMAGED", message);
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#turns.run(async () => {
      for (let tries = 1; ; tries += 1) {
        try {
          await work();
          return;
        } catch (error) {
          const isLocked = error instanceof SoulMirrorError && error.code === "VAULT_LOCKED";
          if (!isLocked || tries >= lockedTries) throw error;
          await pause(lockedPauseMs, undefined, { signal: this.#options.signal });
        }
      }
    });
  }
}
