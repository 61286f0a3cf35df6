/** What the main thread and a writing thread say to each other: a question, and its answer. */
import type {
  CheckedFile,
  FileToCheck,
  RawPath,
  SealKeys,
  WriteReport,
} from "../../vault/index.ts";
import type { Overwrite } from "../tree/index.ts";
import type { PackedJob } from "./packed-job.ts";

export interface WriterSetup {
  readonly keys: SealKeys;
  readonly root: RawPath;
  readonly tag: string;
  readonly overwrite: Overwrite;
  readonly isDurable: boolean;
}

export type ToWriter =
  | { readonly kind: "write"; readonly question: number; readonly job: PackedJob }
  | {
      readonly kind: "read-back";
      readonly question: number;
      readonly files: readonly FileToCheck[];
    };

export interface Written extends WriteReport {
  /**
   * What is left for later of each file that is done: `leftNothing`, `leftButMode`, or its mode,
   * with all else.
   */
  readonly left: readonly number[];
}

/** Nothing is left. */
export const leftNothing = -1;
/** All but the mode, which it has. */
export const leftButMode = -2;

export type FromWriter =
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "written"; readonly question: number; readonly report: Written }
  | { readonly kind: "checked"; readonly question: number; readonly files: readonly CheckedFile[] };
