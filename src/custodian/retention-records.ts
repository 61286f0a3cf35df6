/** What decides which snapshots stay, kept in the vault's folder and sealed with its key. */
import { uptime } from "node:os";
import { join } from "node:path";
import { createFileState } from "../platform/vault-state/index.ts";
import { bootId, realClock } from "../system/index.ts";
import { Arrivals, type Codec, Doubts, Tombstones } from "../vault/index.ts";

/** Who writes into it holds the vault (`claimVault`): each of them is one file. */
export function openArrivals(folder: string, codec: Codec): Promise<Arrivals> {
  return Arrivals.open({ file: createFileState(join(folder, "arrivals")), codec });
}

export function openTombstones(folder: string, codec: Codec): Promise<Tombstones> {
  return Tombstones.open({ file: createFileState(join(folder, "forgotten")), codec });
}

export function openDoubts(folder: string, codec: Codec): Promise<Doubts> {
  return Doubts.open({ file: createFileState(join(folder, "doubts")), codec });
}

/** By both clocks of the machine, and where its days begin. */
export function arrivalNow(at: number = realClock.now().wallMs): Parameters<Arrivals["see"]>[1] {
  return {
    at,
    uptimeMs: Math.round(uptime() * 1000),
    bootId: bootId(),
    utcOffsetMinutes: -new Date(at).getTimezoneOffset(),
  };
}
