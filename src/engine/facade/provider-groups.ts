/**
 * The rings of providers that belong to an engine: its modes and switches hold for them, it counts
 * what they decide, and a person may say whom to ask first, or not at all.
 */
import type { Decision } from "../../resilience/index.ts";
import type { GroupStance, ProviderGroup, ProviderGroups, ProviderWish } from "../operation.ts";
import type { EngineSettings } from "../settings/index.ts";
import type { Operations } from "./operations.ts";

/** Those that are made beyond that work, and are not shown. */
const groupsMax = 100;

export class EngineProviders implements ProviderGroups {
  readonly #operations: Operations;
  readonly #settings: () => EngineSettings;
  readonly #groups = new Map<string, ProviderGroup>();
  #wishes: ReadonlyMap<string, ProviderWish> = new Map();

  constructor(operations: Operations, settings: () => EngineSettings) {
    this.#operations = operations;
    this.#settings = settings;
  }

  /** Each ring with health, latency, cost and order of its providers. */
  report(): readonly ReturnType<ProviderGroup["report"]>[] {
    return [...this.#groups.values()].map((group) => group.report());
  }

  stanceOf(group: string): GroupStance {
    const { mode, acts } = this.#settings().settingsOf(group);
    if (mode === "off") return "off";
    return acts.failover ? "act" : "watch";
  }

  mayFallBack(group: string): boolean {
    return this.#settings().settingsOf(group).acts.fallback;
  }

  decided(group: string, decision: Decision, enforced: boolean): void {
    this.#operations.of(group).decided(decision, enforced);
  }

  /** Of several with one name the last one is shown. */
  adopt(group: ProviderGroup): void {
    if (this.#groups.size < groupsMax || this.#groups.has(group.name)) {
      this.#groups.set(group.name, group);
    }
  }

  wishOf(provider: string): ProviderWish | undefined {
    return this.#wishes.get(provider);
  }

  /** From now on exactly these hold, in every ring that has a provider of that name. */
  wishExactly(wishes: ReadonlyMap<string, ProviderWish>): void {
    this.#wishes = wishes;
  }
}
