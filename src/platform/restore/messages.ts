/** What the main thread and a writing thread say to each other: a question, and its answer. */
import type {
  CheckedFile,
  FileToCheck,
  Outcome,
  RawPath,
  SealKeys,
  WriteJob,
} from "../../vault/index.ts";
import type { Overwrite } from "../tree/index.ts";

export interface WriterSetup {
  readonly keys: SealKeys;
  readonly root: RawPath;
  readonly tag: string;
  readonly overwrite: Overwrite;
  readonly isDurable: boolean;
}

export type ToWriter =
  | { readonly kind: "write"; readonly question: number; readonly job: WriteJob }
  | {
      readonly kind: "read-back";
      readonly question: number;
      readonly files: readonly FileToCheck[];
    };

/** A file at its end; of one that is done, what is left for later is told by its mode. */
export type EndedInWriter = readonly [
  file: number,
  outcome: Outcome,
  isLeft: boolean,
  permissions: number | undefined,
];

export interface Written {
  readonly ended: readonly EndedInWriter[];
  readonly damaged: readonly number[];
}

export type FromWriter =
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "written"; readonly question: number; readonly report: Written }
  | { readonly kind: "checked"; readonly question: number; readonly files: readonly CheckedFile[] };
