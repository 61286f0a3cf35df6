/**
 * One client's request on its way through the upstreams: whom to ask next, how long to wait, and
 * what the result of a try means.
 *
 * 1. A request that provably never started may always go again, whatever its method.
 * 2. A request that started goes again only if repeating it is harmless and the client has not
 *    seen a byte of an answer, and at most `mostSentTries` times: a request that kills whoever
 *    serves it must not kill the whole fleet.
 * 3. From its first wait on, a request has `holdMs` to find somebody who serves.
 * 4. `timeoutMs` is for all of it, whatever it was tried and waited for. A request that is being
 *    answered slowly is not asked for elsewhere: that would be the same work twice. Who hangs is
 *    found by its probes, and then its requests move.
 * 5. A request whose own time ends before it is connected is nobody's fault but its own.
 */
import { realClock } from "../../system/index.ts";
import type { Service } from "./service.ts";
import type { Member } from "./upstreams.ts";
import type { Waiter } from "./waiting-room.ts";

const mostTries = 64;
const mostSentTries = 4;

/** What became of one try at one upstream. */
export type Outcome =
  | { readonly kind: "answered" }
  /** The client left. */
  | { readonly kind: "gone" }
  /** The answer broke off after the client had seen the start of it. */
  | { readonly kind: "broken"; readonly reason: string }
  /** No byte went out over a live connection. */
  | { readonly kind: "unsent"; readonly reason: string }
  | { readonly kind: "lost"; readonly reason: string; readonly reused: boolean }
  /** The answer was no HTTP: asking again is possible, but the upstream lives. */
  | { readonly kind: "garbled"; readonly reason: string }
  /** The request cannot be written as HTTP. */
  | { readonly kind: "unsendable"; readonly reason: string }
  /** The request's own time was over before the connection could come up. */
  | { readonly kind: "expired" }
  | { readonly kind: "late" }
  /** The upstream was ejected meanwhile. */
  | { readonly kind: "moved" };

export interface Refusal {
  readonly kind: "refuse";
  readonly status: 400 | 408 | 501 | 502 | 503 | 504;
  readonly reason: string;
}
export type Turn =
  | { readonly kind: "try"; readonly member: Member; readonly fresh: boolean }
  | { readonly kind: "gone" }
  | Refusal;
export type Verdict = { readonly kind: "done" } | { readonly kind: "again" } | Refusal;

export class Visit {
  private readonly service: Service;
  private readonly replayable: boolean;
  private readonly deadlineMs: number;
  private readonly tried: Member[] = [];
  private tries = 0;
  private sentTries = 0;
  /** Runs from the first wait on; "over" when the patience of `holdMs` is used up. */
  private patience: NodeJS.Timeout | "over" | undefined;
  private waiter: Waiter | undefined;
  private left = false;

  constructor(service: Service, replayable: boolean) {
    this.service = service;
    this.replayable = replayable;
    this.deadlineMs = realClock.now().monotonicMs + service.route.timeoutMs;
  }

  /** What is left of its time; 0 when it is over. */
  leftMs(): number {
    return Math.max(0, this.deadlineMs - realClock.now().monotonicMs);
  }

  /** The client went away. */
  leave(): void {
    this.left = true;
    this.waiter?.cancel("gone");
    this.finish();
  }

  /** The visit is over, whatever came of it. */
  finish(): void {
    if (this.patience !== "over") clearTimeout(this.patience);
  }

  /** Whom to ask now. Only when nobody serves, a promise. */
  next(): Turn | Promise<Turn> {
    const member = this.service.upstreams.choose(this.tried);
    if (this.left) return { kind: "gone" };
    if (this.tries >= mostTries) return this.turnAway(refuse(502, "every try failed"));
    if (this.leftMs() === 0) return this.turnAway(this.tooLate());
    if (member === undefined) return this.wait();
    this.tries += 1;
    return { kind: "try", member, fresh: this.tries > 1 || !this.replayable };
  }

  /** Books the result and says what follows from it. */
  judge(member: Member, outcome: Outcome): Verdict {
    const { service } = this;
    if (outcome.kind !== "unsent") this.sentTries += 1;
    // An idle connection that was closed in passing says nothing about the upstream's health.
    const stale = outcome.kind === "lost" && outcome.reused;
    if (!stale && (outcome.kind === "unsent" || outcome.kind === "lost")) {
      if (isUpstreamsFault(outcome.reason)) service.lost(member, outcome.reason);
    }
    if (outcome.kind === "broken") service.lost(member, outcome.reason);
    service.end(member, stale ? "neither" : bookedAs[outcome.kind]);
    const verdict = this.decide(outcome);
    if (verdict.kind === "again") {
      service.counters.retried += 1;
      if (!stale) this.tried.push(member);
    }
    if (verdict.kind === "refuse" || outcome.kind === "broken") service.counters.failures += 1;
    return verdict;
  }

  private decide(outcome: Outcome): Verdict {
    if (this.left) return { kind: "done" };
    const mayRepeat = this.replayable && this.sentTries < mostSentTries;
    switch (outcome.kind) {
      case "answered":
      case "gone":
      case "broken":
        return { kind: "done" };
      case "unsent":
      case "moved":
        return { kind: "again" };
      case "lost":
        return mayRepeat ? { kind: "again" } : refuse(502, lostText(outcome.reason));
      case "garbled":
        return mayRepeat ? { kind: "again" } : refuse(502, `no valid answer (${outcome.reason})`);
      case "unsendable":
        return refuse(400, outcome.reason);
      default:
        return this.tooLate();
    }
  }

  private async wait(): Promise<Turn> {
    const { counters, room, route } = this.service;
    if (this.patience === undefined) {
      const patienceMs = Math.min(route.holdMs, this.leftMs());
      this.patience = setTimeout(() => this.losePatience(), patienceMs);
      counters.held += 1;
    }
    const tooLate = `no instance came up within ${Math.min(route.holdMs, route.timeoutMs)} ms`;
    if (this.patience === "over") return this.turnAway(refuse(503, tooLate));
    const waiter = room.enter();
    if (waiter === undefined) return this.turnAway(refuse(503, "too many requests are waiting"));
    this.waiter = waiter;
    const outcome = await waiter.outcome;
    this.waiter = undefined;
    if (outcome === "gone") return { kind: "gone" };
    if (outcome === "late") return this.turnAway(refuse(503, tooLate));
    return this.next();
  }

  private tooLate(): Refusal {
    return refuse(504, `no answer within ${this.service.route.timeoutMs} ms`);
  }

  private losePatience(): void {
    this.patience = "over";
    this.waiter?.cancel("late");
  }

  private turnAway(refusal: Refusal): Refusal {
    this.service.counters.failures += 1;
    return refusal;
  }
}

const bookedAs = {
  answered: "served",
  gone: "neither",
  moved: "neither",
  unsendable: "neither",
  expired: "neither",
  broken: "failed",
  unsent: "failed",
  lost: "failed",
  garbled: "failed",
  late: "failed",
} as const;

export function refuse(status: Refusal["status"], reason: string): Refusal {
  return { kind: "refuse", status, reason };
}

function lostText(reason: string): string {
  return `the instance was lost while it worked on the request (${reason})`;
}

/** Running out of descriptors or ports of our own is no reason to suspect anybody. */
function isUpstreamsFault(reason: string): boolean {
  return !["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOMEM", "ENOBUFS"].includes(reason);
}
