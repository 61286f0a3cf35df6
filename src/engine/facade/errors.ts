/**
 * Hears every failed call of the engine, and tells what its errors have in common: what is new,
 * what comes in a burst, what follows what.
 *
 * Nothing runs while nothing fails: relations are looked for once, some seconds after an error has
 * begun anew.
 */
import type { CancelTimer } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import {
  ErrorBook,
  type ErrorGroup,
  ErrorRelations,
  type ErrorsReport,
  type Expected,
  headlineOf,
  type Noticed,
  reportOf,
} from "../errors/index.ts";
import type { EngineEventHub, ErrorPattern, ServiceError } from "../events.ts";
import type { Prediction } from "../foresight/index.ts";
import { currentRequestIds } from "../request-ids.ts";
import type { EngineSettings } from "../settings/index.ts";

export interface EngineErrorsParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  readonly settings: () => EngineSettings;
}

/** By then it is known what has followed. */
const lookAfterMs = 12_000;
const timerSlackMs = 50;

export class EngineErrors {
  readonly #parts: EngineErrorsParts;
  readonly #book: ErrorBook;
  readonly #relations = new ErrorRelations();
  /** When each has begun anew, the oldest first. */
  readonly #begun = new Map<ErrorGroup, number>();
  readonly #since: number;
  readonly #sinceMs: number;
  readonly #stopHearing: () => void;
  #cancel: CancelTimer | undefined;

  constructor(parts: EngineErrorsParts) {
    const { tools, events } = parts;
    this.#parts = parts;
    this.#since = tools.wallMs();
    this.#sinceMs = tools.monotonicMs();
    this.#book = new ErrorBook(this.#sinceMs);
    this.#stopHearing = events.on("service_error", (event) => this.#hear(event));
  }

  report(): ErrorsReport {
    const { tools } = this.#parts;
    return reportOf({
      book: this.#book,
      relations: this.#relations.all,
      since: this.#since,
      sinceMs: this.#sinceMs,
      nowMs: tools.monotonicMs(),
    });
  }

  /** Errors that should come soon, because what they follow has come. */
  predictions(): readonly Prediction[] {
    return this.#expected().map(({ relation, inMs, forMs }) => {
      const { times: value, cases: limit, leadMs: first, message, second } = relation;
      const evidence = { value, limit, first, looks: limit, forMs };
      return { subject: second.operation, kind: "error_follows", inMs, message, evidence };
    });
  }

  stop(): void {
    this.#stopHearing();
    this.#cancel?.();
  }

  #hear(event: ServiceError): void {
    const monotonicMs = this.#parts.tools.monotonicMs();
    const alike = this.#book.alike(event, monotonicMs);
    if (alike === undefined) this.#notice(this.#look(event, monotonicMs));
    else if (alike !== "counted") this.#notice(alike);
  }

  #look(event: ServiceError, monotonicMs: number): Noticed | undefined {
    const { operation, category, error, elapsedMs } = event;
    const requestId = event.requestId ?? currentRequestIds()?.requestId;
    const moment = { monotonicMs, wallMs: this.#parts.tools.wallMs() };
    return this.#book.hear({ operation, category, error, elapsedMs, requestId }, moment);
  }

  #notice(noticed: Noticed | undefined): void {
    if (noticed === undefined) return;
    if (noticed.isOnset && noticed.group.onsets.count > 1) {
      this.#foretell(noticed.group);
      this.#lookLater(noticed.group);
    }
    // Who has wrapped it around fails a moment later: the whole way is told.
    if (noticed.isNew || noticed.burst) queueMicrotask(() => this.#tell(noticed));
  }

  #tell({ group, operation, isNew, burst }: Noticed): void {
    const error = { id: group.id, headline: headlineOf(group), operation };
    const { id: _, headline } = error;
    if (isNew) {
      const message = `new since the start: ${headline}`;
      this.#emit({ kind: "new", error, message, evidence: { calls: group.calls } });
    }
    if (burst === undefined) return;
    const { count, highest, windowMs } = burst;
    const usual = `never more than ${highest} within ${windowMs / 1000} s before`;
    const message = `${count} within ${(2 * windowMs) / 1000} s, and ${usual}: ${headline}`;
    this.#emit({ kind: "burst", error, message, evidence: { ...burst } });
  }

  #expected(): readonly Expected[] {
    if (!this.#parts.settings().switches.predictions) return [];
    return this.#relations.expected(this.#parts.tools.monotonicMs());
  }

  /** At once: there are seconds left. */
  #foretell({ id }: ErrorGroup): void {
    for (const { relation, inMs } of this.#expected()) {
      const { first, second, message, times, cases } = relation;
      if (first.id !== id) continue;
      const details = { after: first.id, id: second.id, inMs, times, cases };
      this.#parts.events.emit("prediction", { subject: second.operation, message, details });
    }
  }

  #lookLater(group: ErrorGroup): void {
    if (!this.#begun.has(group)) this.#begun.set(group, this.#parts.tools.monotonicMs());
    this.#cancel ??= this.#lookAfter(lookAfterMs);
  }

  #lookAfter(delayMs: number): CancelTimer {
    return this.#parts.tools.background.after(delayMs, () => {
      const nowMs = this.#parts.tools.monotonicMs();
      const begun = new Set<ErrorGroup>();
      for (const [group, sinceMs] of this.#begun) {
        // A timer may fire a moment before its time.
        if (nowMs - sinceMs < lookAfterMs - timerSlackMs) break;
        begun.add(group);
        this.#begun.delete(group);
      }
      const [nextMs] = this.#begun.values();
      this.#cancel =
        nextMs === undefined ? undefined : this.#lookAfter(nextMs + lookAfterMs - nowMs);
      for (const found of this.#relations.look(this.#book.groups, begun, nowMs)) {
        const { kind, first, second, message, cases, times, withinMs, leadMs, odds } = found;
        const evidence = { cases, times, withinMs, leadMs, odds };
        this.#emit({ kind, error: second, other: first, message, evidence });
      }
    });
  }

  #emit(pattern: ErrorPattern): void {
    this.#parts.events.emit("error_pattern", pattern);
  }
}
