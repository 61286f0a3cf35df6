/** The ring as its owner sees it: who is well, how fast, for how much, and who is asked first. */
import type { Ring } from "../../resilience/index.ts";
import type { Account, Ledger } from "./ledger.ts";
import type { ProviderOrder } from "./options.ts";

export interface ProviderReport extends Account {
  readonly name: string;
  /** 1: asked first; undefined: not asked now. */
  readonly place: number | undefined;
  /** `held`: it has said when to come back. */
  readonly state: "serving" | "ejected" | "held";
  /** Until it is asked again. */
  readonly leftMs: number;
  readonly calls: number;
  /** Those that failed by its own fault. */
  readonly faults: number;
  /** Share of faults of late, 0 to 1. */
  readonly failureRate: number;
  /** To the answer, or to the first word of a stream; a moving average. */
  readonly latencyMs: number | undefined;
}

export interface ProviderRing {
  /** All providers, as they were listed. */
  report(): readonly ProviderReport[];
  /** Whom to ask first from now on. */
  prefer(order: ProviderOrder): void;
}

export interface RingParts {
  readonly ring: Ring<unknown>;
  readonly ledger: Ledger;
  readonly nowMs: () => number;
}

export function createProviderRing({ ring, ledger, nowMs }: RingParts): ProviderRing {
  return {
    report: () => {
      const places = ring.order(nowMs()).map(({ name }) => name);
      return ring.reports(nowMs()).map(({ cost: _price, ...health }) => ({
        ...health,
        place: places.includes(health.name) ? places.indexOf(health.name) + 1 : undefined,
        ...ledger.account(health.name),
      }));
    },
    prefer: (order) => ring.prefer(order),
  };
}
