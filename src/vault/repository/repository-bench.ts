/** A vault in memory, with real sealing, a clock that tests move, and chance that they know. */
import { type CancelTimer, createRandom, type Timers } from "../../kernel/index.ts";
import type { BlobKind } from "../format/blob.ts";
import { createSealer } from "../format/seal.ts";
import { referenceKernels } from "../kernels-bench.ts";
import type { Location } from "../location.ts";
import type { FoundDamage } from "./blob-reader.ts";
import { BlobWriter } from "./blob-writer.ts";
import { Codec, digestOf } from "./codec.ts";
import { Packer } from "./packer.ts";
import type { Session } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";
import { Uploads } from "./uploads.ts";
import { Vault } from "./vault.ts";

export class HandMovedTime implements Timers {
  wallMs = 1_700_000_000_000;
  monotonicMs = 0;
  readonly #waiting = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  now(): { readonly wallMs: number; readonly monotonicMs: number } {
    return { wallMs: this.wallMs, monotonicMs: this.monotonicMs };
  }

  after(delayMs: number, run: () => void): CancelTimer {
    const timer = { dueMs: this.monotonicMs + delayMs, run };
    this.#waiting.add(timer);
    return () => void this.#waiting.delete(timer);
  }

  /** The machine sleeps: the monotonic clock and the timers stand still. */
  sleep(elapsedMs: number): void {
    this.wallMs += elapsedMs;
  }

  /** Both clocks go on; what is due by then runs. */
  pass(elapsedMs: number): void {
    this.wallMs += elapsedMs;
    this.monotonicMs += elapsedMs;
    for (const timer of Array.from(this.#waiting)) {
      if (timer.dueMs > this.monotonicMs) continue;
      this.#waiting.delete(timer);
      timer.run();
    }
  }
}

export function randomBytesOf(seed: number): (length: number) => Uint8Array {
  const random = createRandom(seed);
  return (length) => Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
}

export function codecOf(seed = 1): Codec {
  const randomBytes = randomBytesOf(seed);
  const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
  const keys = { encrypt: fill(1, 32), macK: fill(2, 16), macR: fill(3, 16) };
  return new Codec(createSealer(keys, referenceKernels), randomBytes);
}

export interface VaultScene {
  readonly vault: Vault;
  readonly time: HandMovedTime;
  readonly damage: readonly FoundDamage[];
  /** Processes of this machine that live. */
  readonly living: Set<number>;
}

export function vaultOf(
  locations: readonly Location[],
  changes: Partial<Surroundings> = {},
): VaultScene {
  const time = new HandMovedTime();
  const living = new Set([100]);
  const damage: FoundDamage[] = [];
  const surroundings: Surroundings = {
    clock: time,
    timers: time,
    randomBytes: randomBytesOf(2),
    worker: { hostname: "here", username: "we", pid: 100, uid: 0, gid: 0 },
    isAlive: (pid) => living.has(pid),
    ...changes,
  };
  const onDamage = (found: FoundDamage): void => void damage.push(found);
  const vault = new Vault({ locations, codec: codecOf(), surroundings, onDamage });
  return { vault, time, damage, living };
}

/** Stores contents in a session; their ids. */
export async function storeAll(
  { signal, vault }: Session,
  contents: readonly Uint8Array[],
  kind: BlobKind = "data",
): Promise<readonly Uint8Array[]> {
  const { codec, index, loader, places, surroundings } = vault;
  const uploads = new Uploads({ places, index, loader, codec, signal });
  const packer = new Packer({ codec, randomBytes: surroundings.randomBytes, packBytes: 2000 });
  const writer = new BlobWriter({ index, packer, uploads, codec, places });
  for (const content of contents) {
    const id = digestOf(content);
    if (writer.wants(id, kind)) await writer.add(codec.sealBlob(kind, content, id));
  }
  await writer.flush();
  return contents.map(digestOf);
}
