/** A group of providers that stand in for each other: their ring, their limits, their listeners. */
import {
  type Decision,
  harmless,
  type Judgement,
  Ring,
  type Tools,
  Witnesses,
} from "../../resilience/index.ts";
import type { Notice } from "../events.ts";
import type { CallMeter, GroupEngine, GroupStance } from "../operation.ts";
import { realTools } from "../real-tools.ts";
import type { FailOverOn } from "./fail-over-rule.ts";
import { createJudge, type JudgeAi } from "./judge.ts";
import { blendedPrice, Ledger, type Usage } from "./ledger.ts";
import { checkMembers, type Member } from "./member.ts";
import {
  type FailoverOptions,
  type Outage,
  type ReadOptions,
  type Restart,
  readOptions,
} from "./options.ts";
import { createProviderRing, type ProviderRing } from "./provider-ring.ts";
import { listOf, read } from "./shape.ts";
import { steeredOrder } from "./steered-order.ts";

export class Group<M extends Member = Member> {
  readonly operation: string;
  readonly limits: ReadOptions["limits"];
  readonly tools: Tools;
  readonly judge: JudgeAi;
  readonly failOverOn: FailOverOn;
  readonly meter: ((name: string) => CallMeter) | undefined;
  readonly restarts: boolean;
  /** The one that was listed first. */
  readonly first: M;
  readonly names: readonly string[];
  /** What its owner may see of the ring. */
  readonly shown: ProviderRing;
  readonly witnesses: Witnesses;
  readonly #ring: Ring<M>;
  readonly #ledger: Ledger;
  readonly #engine: GroupEngine | undefined;
  readonly #options: FailoverOptions<unknown>;
  readonly #retryTold = new Set<string>();

  constructor(members: readonly M[], options: FailoverOptions<unknown>) {
    const { limits, ring } = readOptions(options);
    this.first = checkMembers(members);
    this.names = members.map(({ name }) => name);
    this.operation = options.name ?? "llm";
    this.limits = limits;
    this.tools = options.tools ?? realTools;
    this.judge = createJudge(this.tools.wallMs);
    this.failOverOn = options.failOverOn ?? {};
    this.#engine = options.engine;
    this.meter = options.meter ?? options.engine?.meter.bind(options.engine);
    this.restarts = options.onMidStreamFailure === "restart";
    this.witnesses = new Witnesses(this.operation);
    this.#options = options;
    this.#ledger = new Ledger(members);
    this.#ring = new Ring(members.map(alternativeOf), ring, (decision) => this.tell(decision));
    this.shown = createProviderRing({
      ring: this.#ring,
      ledger: this.#ledger,
      nowMs: this.tools.monotonicMs,
      order: () => this.inOrder().map(({ name }) => name),
      wishOf: (name) => this.#engine?.providers.wishOf(name),
    });
    this.#engine?.providers.adopt({
      name: this.operation,
      report: () => ({
        name: this.operation,
        stance: this.stance,
        providers: this.shown.report(),
      }),
    });
  }

  /** As the engine's modes and switches have it now. */
  get stance(): GroupStance {
    return this.#engine?.providers.stanceOf(this.operation) ?? "act";
  }

  /** Whom to ask now, the best first; empty when all have asked to be left alone. */
  inOrder(): M[] {
    return steeredOrder(this.#ring, this.tools.monotonicMs(), (name) =>
      this.#engine?.providers.wishOf(name),
    ).map(({ target }) => target);
  }

  /** Until the first of those who have asked to be left alone may be asked again. */
  soonestMs(): number {
    return this.#ring.soonestMs(this.tools.monotonicMs());
  }

  succeeded(name: string, elapsedMs: number, usage: Usage | undefined): void {
    this.#ledger.spend(name, usage);
    const member = this.#ring.named(name);
    if (member !== undefined) this.#ring.succeeded(member, this.tools.monotonicMs(), elapsedMs);
  }

  failed(name: string, judgement: Judgement): void {
    const member = this.#ring.named(name);
    if (member !== undefined) this.#ring.failed(member, this.tools.monotonicMs(), judgement);
  }

  /** Where it may not act, it is told what would have been done. */
  tell(decision: Decision, enforced: boolean = this.stance === "act"): void {
    this.witnesses.tell(decision, enforced);
    this.#engine?.providers.decided(this.operation, decision, enforced);
  }

  /** A function that uses the AI SDK lets it ask the same provider several times first. */
  lookForRetries(name: string, error: unknown): void {
    if (read(error, "name") !== "AI_RetryError" || this.#retryTold.has(name)) return;
    this.#retryTold.add(name);
    const times = listOf(read(error, "errors")).length;
    const message = `the AI SDK asked ${times} times before the next one was: set maxRetries: 0`;
    this.notice({ subject: name, message, details: { times } });
  }

  notice(notice: Notice): void {
    harmless(() => this.#options.onNotice?.(notice));
  }

  restarted(restart: Restart): void {
    harmless(() => this.#options.onRestart?.(restart));
  }

  /** What was declared for the case that nobody answers; undefined: nothing. */
  async degraded(outage: Outage): Promise<unknown> {
    const { whenAllFail } = this.#options;
    if (whenAllFail === undefined) return undefined;
    const { error } = outage;
    const mayAnswer = this.#engine?.providers.mayFallBack(this.operation) ?? true;
    this.tell({ kind: "fallback", category: this.judge(error).category, error }, mayAnswer);
    if (!mayAnswer) return undefined;
    if (typeof whenAllFail !== "function") return whenAllFail;
    try {
      return await (whenAllFail as (outage: Outage) => unknown)(outage);
    } catch {
      // What nobody could answer is told, and not what went wrong with the last resort.
      return undefined;
    }
  }
}

function alternativeOf<M extends Member>(member: M): { name: string; target: M; cost?: number } {
  const { name, pricePerMillion } = member;
  if (pricePerMillion === undefined) return { name, target: member };
  return { name, target: member, cost: blendedPrice(pricePerMillion) };
}
