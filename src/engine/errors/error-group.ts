/** An error, whoever it meets, and the places where it arises and goes on from. */
import type { BurstWatch, Onsets } from "../../statistics/index.ts";
import type { ErrorFacts } from "./fingerprint.ts";

export interface ErrorGroup extends Omit<ErrorFacts, "message"> {
  readonly id: string;
  readonly key: string;
  readonly text: string;
  /** G2: it stands for many texts. */
  readonly isVarious: boolean;
  readonly firstMs: number;
  readonly firstAt: number;
  readonly rate: BurstWatch;
  readonly onsets: Onsets;
  readonly examples: string[];
  /** By operation: where it arose. */
  readonly origins: Map<string, ErrorPlace>;
  places: number;
  calls: number;
  refused: number;
  lastAt: number;
  isNew: boolean;
  /** It gave way: what still points to it is void. */
  isForgotten: boolean;
}

export type Evidence = "same" | "cause" | "circuit" | "request";

export interface ErrorPlace {
  readonly group: ErrorGroup;
  readonly operation: string;
  /** Undefined: here it arose. */
  readonly from: ErrorPlace | undefined;
  readonly evidence: Evidence | undefined;
  /** Failed calls of the operation that show it. */
  calls: number;
  /** Those that failed because of it, by operation. */
  readonly onwards: Map<string, ErrorPlace>;
}
