/**
 * What the main thread and a content worker say to each other.
 *
 * A job is a batch of files. It goes in steps of a few megabytes: the worker reads and names chunks
 * (`named`), hears which of them are wanted (`seal`), and gives those back sealed (`sealed`); the
 * next step begins when they have been taken (`go-on`). So each side holds little, and what is
 * stored already is never compressed.
 *
 * Where another worker has nothing to do, the step is lent instead (`lend`): what was read moves
 * through us (`lent`) to the other (`seal-lent`), which seals it while the first reads on. All
 * memory goes back to whose it was (`spare`).
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
  | { readonly kind: "lend"; readonly job: number; readonly wanted: Uint8Array }
  /** The number is not one of its jobs, but comes back with what is sealed. */
  | {
      readonly kind: "seal-lent";
      readonly job: number;
      readonly bytes: Lent;
      readonly table: Table;
    }
  | { readonly kind: "go-on"; readonly job: number }
  | { readonly kind: "spare"; readonly buffer: ArrayBuffer; readonly was: "read" | "sealed" };

/** What chunks lie in. */
type Lent = Uint8Array<ArrayBuffer>;
/** Three numbers for each that is wanted: its number among the ids, and two more. */
type Table = Uint32Array<ArrayBuffer>;

export type FromWorker =
  /** Ids one after another, 32 bytes each. */
  | { readonly kind: "named"; readonly job: number; readonly ids: Uint8Array }
  | {
      readonly kind: "sealed";
      readonly job: number;
      /** Sealed blobs one after another, those that were wanted. */
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** The two more are its length there, and its plain length. */
      readonly table: Table;
      /** Of what was lent: its memory. */
      readonly lent?: ArrayBuffer;
    }
  /** The two more are where the chunk begins in the bytes, and its length. */
  | { readonly kind: "lent"; readonly job: number; readonly bytes: Lent; readonly table: Table }
  | { readonly kind: "done"; readonly job: number; readonly files: readonly ReadFile[] };
