/**
 * What the daemon wrote since some moment, read from its journal: the drill believes nothing else.
 */
import type { TriedStrategy } from "../../chaos/index.ts";
import type { Action, Entry, Failure, SealedEntry } from "../../model/index.ts";
import type { DaemonClient } from "../daemon-client.ts";

const pageSize = 500;

export class JournalTail {
  readonly #ask: () => DaemonClient;
  #position = 0;
  #entries: SealedEntry[] = [];

  /** The client is asked for anew each time: the daemon may be another one meanwhile. */
  constructor(ask: () => DaemonClient) {
    this.#ask = ask;
  }

  /** Forgets what was read; what comes from now on counts. */
  async begin(): Promise<void> {
    await this.read();
    this.#entries = [];
  }

  async read(): Promise<void> {
    for (;;) {
      const path = `/api/v1/journal?limit=${pageSize}&after=${this.#position}`;
      const page = await this.#ask().get<readonly SealedEntry[]>(path);
      this.#entries.push(...page);
      const last = page.at(-1);
      if (last === undefined) return;
      this.#position = last.position;
      if (page.length < pageSize) return;
    }
  }

  failures(): readonly Failure[] {
    return this.#of("failure_raised").map(({ failure }) => failure);
  }

  /** Recoveries in the order they began, each with what became of it. */
  strategies(): readonly TriedStrategy[] {
    const last = new Map<string, Action>();
    for (const { action } of this.#of("action")) {
      if (action.plan.cause.kind === "failure") last.set(action.id, action);
    }
    const helped = new Set(
      this.#of("verdict").flatMap(({ verdict }) => (verdict.healed ? (verdict.action ?? []) : [])),
    );
    return [...last.values()].map((action) => ({
      name: action.plan.strategy,
      outcome: helped.has(action.id) ? "helped" : outcomeOf(action),
      ...("reason" in action.status ? { reason: action.status.reason } : {}),
    }));
  }

  #of<Kind extends Entry["kind"]>(kind: Kind): readonly Extract<Entry, { kind: Kind }>[] {
    return this.#entries.flatMap(({ entry }) =>
      entry.kind === kind ? [entry as Extract<Entry, { kind: Kind }>] : [],
    );
  }
}

function outcomeOf(action: Action): TriedStrategy["outcome"] {
  if (action.status.kind === "rolled_back") return "undone";
  return action.status.kind === "failed" ? "failed" : "unfinished";
}
