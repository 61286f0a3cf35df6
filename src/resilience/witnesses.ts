import type { Decision, Witness } from "./decision.ts";
import { harmless } from "./harmless.ts";

/** Who is shown the decisions of one policy. */
export class Witnesses {
  readonly #name: string;
  /** Replaced and never changed: a witness may come or go while decisions are told. */
  #all: readonly Witness[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  on(witness: Witness): () => void {
    // A function of its own, so that the same witness may come twice and go once.
    const own: Witness = (decided) => witness(decided);
    this.#all = [...this.#all, own];
    return () => {
      this.#all = this.#all.filter((each) => each !== own);
    };
  }

  tell(decision: Decision, enforced = true): void {
    for (const witness of this.#all) {
      harmless(() => witness({ name: this.#name, decision, enforced }));
    }
  }
}
