/** The ring as its owner sees it: who is well, how fast, for how much, and who is asked first. */
import type { Ring } from "../../resilience/index.ts";
import type { ProviderReport, ProviderWish } from "../operation.ts";
import type { Ledger } from "./ledger.ts";
import type { ProviderOrder } from "./options.ts";

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
  /** The names of those who are asked now. */
  readonly order: () => readonly string[];
  readonly wishOf: (name: string) => ProviderWish | undefined;
}

export function createProviderRing(parts: RingParts): ProviderRing {
  const { ring, ledger, nowMs, order, wishOf } = parts;
  return {
    report: () => {
      const places = order();
      return ring.reports(nowMs()).map(({ cost: _price, ...health }) => ({
        ...health,
        place: places.includes(health.name) ? places.indexOf(health.name) + 1 : undefined,
        ...ledger.account(health.name),
        wish: wishOf(health.name),
      }));
    },
    prefer: (order) => ring.prefer(order),
  };
}
