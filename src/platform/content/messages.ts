/**
 * What the main thread and a content worker say to each other.
 *
 * A job is a batch of files. It goes in steps of a few megabytes: the worker reads and names chunks
 * (`named`), hears which of them are wanted (`seal`), and gives those back sealed (`sealed`); the
 * next step begins when they have been taken (`go-on`). So each side holds little, and what is
 * stored already is never compressed.
 */
import type { FileToRead, ReadFile, SealKeys } from "../../vault/index.ts";

export interface WorkerSetup {
  readonly keys: SealKeys;
  readonly polynomial: bigint;
}

export type ToWorker =
  | { readonly kind: "begin"; readonly job: number; readonly files: readonly FileToRead[] }
  /** One byte for each id, in their order: 1 for what is wanted. */
  | { readonly kind: "seal"; readonly job: number; readonly wanted: Uint8Array }
  /** What came with `sealed` goes back, to be used again. */
  | { readonly kind: "go-on"; readonly job: number; readonly spare?: ArrayBuffer };

export type FromWorker =
  /** Ids one after another, 32 bytes each. */
  | { readonly kind: "named"; readonly job: number; readonly ids: Uint8Array }
  | {
      readonly kind: "sealed";
      readonly job: number;
      /** Sealed blobs one after another, those that were wanted. */
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** For each of them its number among the ids, its length there, and its plain length. */
      readonly table: Uint32Array;
    }
  | { readonly kind: "done"; readonly job: number; readonly files: readonly ReadFile[] };
