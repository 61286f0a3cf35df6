/** What a drill says about one fault: a line of its table, an object of its JSON. */
import type { FailureType } from "../../model/index.ts";

export interface DrillRow {
  readonly fault: string;
  readonly title: string;
  readonly control: boolean;
  /**
   * From the blow to the first right diagnosis, or to the first report if there was no right one.
   */
  readonly detectedAfterMs?: number;
  readonly diagnosedAs: readonly FailureType[];
  readonly strategies: readonly TriedStrategy[];
  /** A strategy, or `itself`. */
  readonly healedBy?: string;
  /**
   * From the blow, or from the end of a fault that lasts, to the first answer of a clean window;
   * missing where no request failed from then on.
   */
  readonly healedAfterMs?: number;
  readonly requests: number;
  readonly failedRequests: number;
  /** Writes that were acknowledged meanwhile and are gone or wrong. */
  readonly damagedWrites: number;
  readonly verdict: DrillVerdict;
}

export interface TriedStrategy {
  readonly name: string;
  /** `undone`: it did not help, and what it had done was taken back. */
  readonly outcome: "helped" | "undone" | "failed" | "unfinished";
  /** Why it did not help. */
  readonly reason?: string;
}

export type DrillVerdict =
  | { readonly kind: "healed" }
  /** A control during which nothing was reported or done. */
  | { readonly kind: "quiet" }
  /** It could not be injected on this machine. */
  | { readonly kind: "not here"; readonly reason: string }
  | { readonly kind: "failed"; readonly reasons: readonly string[] };
