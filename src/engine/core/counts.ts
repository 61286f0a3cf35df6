/** What an operation counts. Exact, and never reset: whoever wants a rate takes a difference. */
import type { DecisionKind, ErrorCategory } from "../../resilience/index.ts";
import type { Decisions } from "../operation.ts";

export class Counts {
  calls = 0;
  succeeded = 0;
  failed = 0;
  readonly #failures: Partial<Record<ErrorCategory, number>> = {};
  readonly #decisions: Partial<Record<DecisionKind, { detected: number; enforced: number }>> = {};

  failure(category: ErrorCategory): void {
    this.failed += 1;
    this.#failures[category] = (this.#failures[category] ?? 0) + 1;
  }

  decision(kind: DecisionKind, enforced: boolean): void {
    this.#decisions[kind] ??= { detected: 0, enforced: 0 };
    const counted = this.#decisions[kind];
    counted.detected += 1;
    if (enforced) counted.enforced += 1;
  }

  get failures(): Readonly<Partial<Record<ErrorCategory, number>>> {
    return { ...this.#failures };
  }

  get decisions(): Readonly<Record<string, Decisions>> {
    return structuredClone(this.#decisions);
  }
}
