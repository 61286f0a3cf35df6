/** What became of one name that was to be restored. */
import { messageOf } from "../../kernel/index.ts";
import type { ExtendedAttribute, NodeBase, RawPath } from "../../vault/index.ts";
import { codeOf } from "./code-of.ts";

/** The parts of a node that all kinds have and that a restore sets. */
export type RestoredNode = Pick<
  NodeBase,
  "permissions" | "mtimeNs" | "atimeNs" | "uid" | "gid" | "attributes"
>;

export type RestoreOutcome =
  | { readonly kind: "done"; readonly left: LeftToFinish | undefined }
  /** What is there is newer, or nothing may be overwritten. */
  | { readonly kind: "kept" }
  /**
   * `code` as `EACCES`; `ELOOP` for a link on the way, `EINVAL` for a name that leads elsewhere.
   */
  | RestoreFailure;

export interface RestoreFailure {
  readonly kind: "failed";
  readonly path: RawPath;
  readonly code: string;
  readonly reason: string;
}

/** What cannot be done at once or one by one: see `RestoreFinisher`. */
export interface LeftToFinish {
  readonly path: RawPath;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  readonly attributes: readonly ExtendedAttribute[];
  /** Undefined when they are as they shall be; folders are made writable for the time being. */
  readonly permissions: number | undefined;
}

/** Thrown and caught inside of this folder only, as the system's own errors are. */
export class RestoreFault extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "RestoreFault";
    this.code = code;
  }
}

export function failureOf(path: RawPath, error: unknown): RestoreFailure {
  return { kind: "failed", path, code: codeOf(error), reason: messageOf(error) };
}
