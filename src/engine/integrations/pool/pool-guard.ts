/**
 * Watches a pool of connections: how long its queries take, and whether it is dead.
 *
 * G1. Nothing is ended on suspicion. A pool that is silent for longer than it ever takes is asked
 *     about over a fresh connection; only connections that the server provably no longer has are
 *     ended, and only those that were there before the question.
 * G2. While the server is away it is asked again with growing, jittered delays, one question at a
 *     time. When it is back, dead connections are ended and one new one is made.
 * G3. Every finding is told once as it begins, and never again while it lasts.
 * G4. Nothing is looked at while no query is open and nobody waits: an idle pool costs no timer,
 *     and none of them keeps the process alive.
 */
import { type CancelTimer, messageOf } from "../../../kernel/index.ts";
import { harmless, type Tools } from "../../../resilience/index.ts";
import { LogSketch } from "../../../statistics/index.ts";
import type { CallMeter, OpenCall } from "../../operation.ts";
import { currentRequestIds } from "../../request-ids.ts";
import type { Metering } from "../operation-meters.ts";
import type { Finding, PoolDriver, PoolEvent, PoolNotice } from "./pool-driver.ts";
import { reconnectDelays } from "./reconnect-delays.ts";
import { patienceMs, silentForMs } from "./silence.ts";
import { whyUnreachable } from "./unreachable.ts";

export interface PoolGuardOptions {
  readonly name: string;
  /** What it is asked: "query", "command". */
  readonly word: string;
  readonly suspectAfterMs: number;
  readonly suspectFactor: number;
  readonly probeTimeoutMs: number;
  /** A fresh connection was answered where others had failed. */
  readonly onBack: () => void;
  readonly onNotice: ((notice: PoolNotice) => unknown) | undefined;
  readonly tools: Tools;
}

type Phase =
  | { readonly kind: "well" }
  /** Silent, and the server says that it works: not asked again before `untilMs`. */
  | { readonly kind: "slow"; readonly untilMs: number }
  | { readonly kind: "asking" }
  | { readonly kind: "away"; readonly sinceMs: number };

export interface PoolState {
  readonly phase: Phase["kind"];
  readonly openQueries: number;
  readonly recreated: number;
}

interface Seen {
  readonly sinceMs: number;
  /** When each of its open queries was asked. */
  readonly open: Set<{ readonly askedMs: number }>;
  isTaken: boolean;
}

/** After a fresh connection was answered, what merely woke up answers as well. */
const graceMs = 250;
const settleMs = 20;

export class PoolGuard<Connection extends object> {
  readonly #driver: PoolDriver<Connection>;
  readonly #options: PoolGuardOptions;
  readonly #queries: CallMeter;
  readonly #connects: CallMeter;
  readonly #usual = new LogSketch({ bits: 4 });
  readonly #seen = new Map<Connection, Seen>();
  readonly #told = new Set<PoolEvent>();
  #phase: Phase = { kind: "well" };
  #lastAnswerMs: number;
  #lastReturnMs: number;
  #connecting = 0;
  #recreated = 0;
  #cancelLook: CancelTimer | undefined;
  #isOver = false;

  constructor(driver: PoolDriver<Connection>, engine: Metering, options: PoolGuardOptions) {
    this.#driver = driver;
    this.#options = options;
    this.#queries = engine.meter(`${options.name}.${options.word}`);
    this.#connects = engine.meter(`${options.name}.connect`);
    this.#lastAnswerMs = options.tools.monotonicMs();
    this.#lastReturnMs = this.#lastAnswerMs;
  }

  get state(): PoolState {
    let openQueries = 0;
    for (const { open } of this.#seen.values()) openQueries += open.size;
    return { phase: this.#phase.kind, openQueries, recreated: this.#recreated };
  }

  /** A connection is being asked for. `fail` with the error that the driver gives. */
  connecting(): OpenCall {
    const call = this.#connects.begin(currentRequestIds());
    let isOpen = true;
    const settle = (): void => {
      if (isOpen) this.#connecting -= 1;
      isOpen = false;
    };
    this.#connecting += 1;
    this.#lookSoon();
    return {
      succeed: () => {
        settle();
        call.succeed();
      },
      fail: (error) => {
        settle();
        call.fail(error);
        const why = whyUnreachable(error);
        if (why === "full") this.#tell("server_full", messageOf(error));
        if (why !== undefined) void this.#ask();
      },
    };
  }

  taken(connection: Connection): void {
    this.#seenOf(connection).isTaken = true;
  }

  returned(connection: Connection): void {
    this.#seenOf(connection).isTaken = false;
    this.#lastReturnMs = this.#options.tools.monotonicMs();
    this.#told.delete("exhausted");
  }

  gone(connection: Connection): void {
    this.#seen.delete(connection);
    this.#lastReturnMs = this.#options.tools.monotonicMs();
  }

  isTaken(connection: Connection): boolean {
    return this.#seen.get(connection)?.isTaken === true;
  }

  /** A query that nobody is expected to answer soon (`BLPOP`) is not begun here. */
  begin(connection: Connection): OpenCall {
    const { tools } = this.#options;
    const call = this.#queries.begin(currentRequestIds());
    const query = { askedMs: tools.monotonicMs() };
    const { open } = this.#seenOf(connection);
    open.add(query);
    this.#lookSoon();
    const answered = (): void => {
      if (!open.delete(query)) return;
      this.#lastAnswerMs = tools.monotonicMs();
      this.#usual.add(this.#lastAnswerMs - query.askedMs);
      if (this.#phase.kind === "slow") this.#phase = { kind: "well" };
      this.#told.delete("slow");
    };
    return {
      succeed: (result) => {
        answered();
        call.succeed(result);
      },
      fail: (error) => {
        // An error of the connection is no answer of the server.
        if (whyUnreachable(error) === undefined) answered();
        else open.delete(query);
        call.fail(error);
      },
    };
  }

  /** A connection broke. Open queries tell their callers; otherwise nobody would be told. */
  lost(connection: Connection, error: unknown): void {
    const seen = this.#seen.get(connection);
    if (seen === undefined || seen.open.size === 0) {
      const where = seen?.isTaken === true ? "in the hands of a caller" : "that nobody used";
      this.#told.delete("connection_lost");
      this.#tell("connection_lost", `a connection ${where} broke: ${messageOf(error)}`);
    }
    if (whyUnreachable(error) !== undefined) void this.#ask();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancelLook?.();
    this.#seen.clear();
  }

  #seenOf(connection: Connection): Seen {
    const known = this.#seen.get(connection);
    if (known !== undefined) return known;
    const sinceMs = this.#options.tools.monotonicMs();
    const seen: Seen = { sinceMs, open: new Set(), isTaken: false };
    this.#seen.set(connection, seen);
    return seen;
  }

  #lookSoon(): void {
    if (this.#cancelLook !== undefined || this.#isOver) return;
    const { tools, suspectAfterMs } = this.#options;
    this.#cancelLook = tools.background.after(Math.max(20, suspectAfterMs / 5), () => {
      this.#cancelLook = undefined;
      this.#look();
    });
  }

  #look(): void {
    const nowMs = this.#options.tools.monotonicMs();
    let oldestMs: number | undefined;
    for (const { open } of this.#seen.values()) {
      for (const { askedMs } of open) oldestMs = Math.min(oldestMs ?? askedMs, askedMs);
    }
    if (oldestMs !== undefined || this.#connecting > 0) this.#lookSoon();
    const { suspectAfterMs, suspectFactor } = this.#options;
    const patience = { factor: suspectFactor, leastMs: suspectAfterMs };
    const limitMs = patienceMs(this.#usual, patience);
    this.#lookAtWaiting(nowMs, limitMs);
    if (this.#phase.kind === "slow" && nowMs >= this.#phase.untilMs) this.#phase = { kind: "well" };
    const silentMs = silentForMs({ oldestMs, lastAnswerMs: this.#lastAnswerMs, nowMs });
    if (silentMs > limitMs && this.#phase.kind === "well") void this.#ask();
  }

  /** Somebody waits, everything is taken, nothing comes back: told with who holds what. */
  #lookAtWaiting(nowMs: number, limitMs: number): void {
    const { limit, total, idle, waiting } = this.#driver.counts();
    if (waiting === 0 || idle > 0 || total < limit || nowMs - this.#lastReturnMs <= limitMs) return;
    const taken = [...this.#seen.values()].filter((each) => each.isTaken);
    const unused = taken.filter((each) => each.open.size === 0).length;
    const unseen = Math.max(0, total - taken.length);
    const forMs = Math.round(nowMs - this.#lastReturnMs);
    const suspects = [
      ...(unused > 0 ? [`${unused} of them have no query under way: are they released?`] : []),
      ...(unseen > 0
        ? [`${unseen} are still being made, or were taken before the watch began`]
        : []),
    ];
    const message =
      `all ${limit} connections are taken, ${waiting} callers wait, and none came back for ` +
      `${forMs} ms; ${suspects.join("; ") || "each of them has a query under way"}`;
    this.#tell("exhausted", message, { limit, waiting, unused, unseen, forMs });
  }

  /** G2. Ends when the server has answered. */
  async #ask(): Promise<void> {
    if (this.#phase.kind === "asking" || this.#phase.kind === "away" || this.#isOver) return;
    const { tools, name } = this.#options;
    this.#phase = { kind: "asking" };
    const startedMs = tools.monotonicMs();
    const delays = reconnectDelays({ random: tools.random });
    let failedMs = Number.POSITIVE_INFINITY;
    while (!this.#isOver) {
      const askedMs = tools.monotonicMs();
      try {
        // Who has been answered over the pool itself meanwhile needs no connection beside it.
        const isAnswered = this.#lastAnswerMs > failedMs;
        const finding = isAnswered ? { isAlive: () => undefined } : await this.#probe();
        await this.#pause(graceMs);
        if (!this.#isOver) await this.#found(finding, { askedMs, startedMs });
        return;
      } catch (error) {
        failedMs = tools.monotonicMs();
        if (whyUnreachable(error) === "full") this.#tell("server_full", messageOf(error));
        else if (this.#phase.kind !== "away") {
          this.#phase = { kind: "away", sinceMs: startedMs };
          this.#tell("server_away", `the server of ${name} does not answer: ${messageOf(error)}`);
        }
      }
      await this.#pause(delays.next());
    }
  }

  async #found(
    finding: Finding<Connection>,
    { askedMs, startedMs }: { readonly askedMs: number; readonly startedMs: number },
  ): Promise<void> {
    const { tools, name } = this.#options;
    const wasAway = this.#phase.kind === "away";
    const dead = [...this.#seen].filter(
      ([connection, { sinceMs }]) => sinceMs < askedMs && finding.isAlive(connection) === false,
    );
    for (const [connection] of dead) this.#discard(connection);
    if (wasAway || dead.length > 0) {
      // The pool learns in a moment that they are gone; what fails now is told by the next look.
      await this.#pause(settleMs);
      const refreshed = this.#driver.refresh().catch(() => undefined);
      await Promise.race([refreshed, this.#pause(this.#options.probeTimeoutMs)]);
    }
    if (wasAway || dead.length > 0) harmless(this.#options.onBack);
    if (dead.length > 0) {
      this.#told.delete("recreated");
      const message = `${dead.length} connections of ${name} were dead and are made anew`;
      this.#tell("recreated", message, { count: dead.length });
    }
    const nowMs = tools.monotonicMs();
    const isSilent = this.#lastAnswerMs < askedMs && this.state.openQueries > 0;
    if (wasAway) {
      const awayMs = Math.round(nowMs - startedMs);
      this.#tell("server_back", `the server of ${name} is back after ${awayMs} ms`, { awayMs });
    } else if (isSilent && dead.length === 0) {
      this.#tell("slow", `${name} takes longer than usual; its server says that it is at work`);
    }
    for (const event of ["server_away", "server_back", "server_full"] as const) {
      this.#told.delete(event);
    }
    const untilMs = nowMs + this.#options.suspectAfterMs;
    this.#phase = isSilent && dead.length === 0 ? { kind: "slow", untilMs } : { kind: "well" };
  }

  #discard(connection: Connection): void {
    const { name } = this.#options;
    const reason = new Error(`the server of ${name} no longer has this connection`);
    try {
      this.#driver.discard(connection, Object.assign(reason, { code: "ECONNRESET" }));
      this.#recreated += 1;
    } catch {
      // It has ended by itself meanwhile.
    }
    this.gone(connection);
  }

  async #probe(): Promise<Finding<Connection>> {
    const { tools, probeTimeoutMs } = this.#options;
    const deadline = new AbortController();
    const tooLate = new Promise<never>((_resolve, reject) => {
      tools.background.after(probeTimeoutMs, () => {
        const message = `no answer to a fresh connection within ${probeTimeoutMs} ms`;
        reject(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
        deadline.abort();
      });
    });
    const probing = this.#driver.probe(deadline.signal);
    // The one that comes too late fails for nobody.
    probing.catch(() => undefined);
    tooLate.catch(() => undefined);
    return Promise.race([probing, tooLate]);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.tools.background.after(delayMs, resolve);
    });
  }

  #tell(event: PoolEvent, message: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.#told.has(event) || this.#isOver) return;
    this.#told.add(event);
    const { name, onNotice } = this.#options;
    harmless(() => onNotice?.({ event, subject: name, message, details }));
  }
}
