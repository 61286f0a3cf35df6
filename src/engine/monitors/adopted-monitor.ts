/**
 * One monitor of somebody else's: what it tells by itself and what it says when it is asked become
 * one answer about health, and findings.
 *
 * M1. Nothing of it is replaced. Whatever it throws, and however much it tells, harms nobody: of
 *     `findingsMax` in ten seconds each is a finding, all further ones are counted and told once.
 * M2. It is asked by one at a time; who asks meanwhile shares the answer. One that has not come in
 *     a minute is lost: it is asked anew, and what it says late counts no more.
 * M3. What it told holds until it tells that all is well, says so when asked after that, or has
 *     told nothing bad for five minutes.
 */
import { cutOff, formatDuration } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { MonitorFinding } from "../events.ts";
import type { HealthAnswer, HealthStatus } from "../health/index.ts";
import { redact } from "../redact.ts";
import { askMonitor } from "./ask-monitor.ts";
import { isAble, listenTo, type MonitorAbilities, meaningOfEvents } from "./monitor-abilities.ts";
import { type MonitorAnswer, readMonitorAnswer, severityIn, textIn } from "./monitor-answer.ts";
import { RecentItems } from "./recent-items.ts";

export interface AdoptedMonitorParts {
  readonly name: string;
  readonly abilities: MonitorAbilities;
  readonly tools: Pick<Tools, "monotonicMs" | "wallMs">;
  readonly found: (finding: MonitorFinding) => void;
  /** How it was at a look, and how many things it has told since the look before. */
  readonly measured: (status: HealthStatus, told: number) => void;
  /** What its owner should know of it; once each. */
  readonly tell: (message: string) => void;
}

/** What a monitor says now, for `engine.monitors`. */
export interface MonitorReport {
  readonly name: string;
  /** False: it is only listed. */
  readonly isHeard: boolean;
  /** How it is taken in. */
  readonly ways: readonly ("asked" | "heard")[];
  readonly status: HealthStatus;
  readonly message?: string;
  /** How often it has told something bad by itself. */
  readonly alerts: number;
}

interface Told {
  readonly status: HealthStatus;
  readonly message: string;
  readonly firstMs: number;
  readonly atMs: number;
}

/** Something that is wrong now. */
export interface Trouble {
  readonly message: string;
  readonly forMs: number;
  readonly times: number;
}

const holdMs = 300_000;
const windowMs = 10_000;
const lostAfterMs = 60_000;
const findingsMax = 20;

export class AdoptedMonitor {
  readonly name: string;
  readonly #parts: AdoptedMonitorParts;
  readonly #recent: RecentItems;
  readonly #said = new Set<string>();
  #pending: { readonly askedMs: number; readonly answer: Promise<MonitorAnswer> } | undefined;
  #answer: (MonitorAnswer & { readonly sinceMs: number }) | undefined;
  #told: Told | undefined;
  #alerts = 0;
  #measuredAlerts = 0;
  #window = { startedMs: Number.NEGATIVE_INFINITY, findings: 0 };
  #stop: (() => void) | undefined;

  constructor(parts: AdoptedMonitorParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#recent = new RecentItems(parts.tools.wallMs);
    if (!isAble(parts.abilities)) {
      this.#say(
        "it cannot be asked and tells nothing: hand in what has check(), getHealth() or getStatus(), " +
          "or emits alerts",
      );
    }
  }

  get canBeAsked(): boolean {
    const { question, issueLists, errorLists, fields, life } = this.#parts.abilities;
    const lists = [issueLists, errorLists, fields, life];
    return question !== undefined || lists.some((each) => each.length > 0);
  }

  get isAble(): boolean {
    return isAble(this.#parts.abilities);
  }

  get isHeard(): boolean {
    return this.#stop !== undefined;
  }

  listen(): void {
    if (this.isHeard) return;
    this.#stop = () => {};
    try {
      this.#stop = listenTo(this.#parts.abilities, (event, details) => this.#hear(event, details));
    } catch (error) {
      this.#say(`it cannot be listened to: ${textIn(error) ?? "it throws"}`);
    }
  }

  letGo(): void {
    const stop = this.#stop;
    this.#stop = undefined;
    this.#told = undefined;
    this.#answer = undefined;
    try {
      stop?.();
    } catch (error) {
      this.#say(`it cannot be left: ${textIn(error) ?? "it throws"}`);
    }
  }

  /** As a health check. `signal` is aborted when nobody waits for the answer any more. */
  async check(signal: AbortSignal): Promise<HealthAnswer> {
    if (this.canBeAsked) {
      const late = (): void => {
        this.#note({ status: "unhealthy", message: "it does not answer", grasp: "understood" });
      };
      signal.addEventListener("abort", late, { once: true });
      await this.ask();
      signal.removeEventListener("abort", late);
    }
    const now = this.now();
    this.#parts.measured(now.status, this.#alerts - this.#measuredAlerts);
    this.#measuredAlerts = this.#alerts;
    return now;
  }

  /** M2. What it says itself, without what it has told. Never rejects. */
  ask(): Promise<MonitorAnswer> {
    const askedMs = this.#parts.tools.monotonicMs();
    const before = this.#pending;
    if (before !== undefined && askedMs - before.askedMs < lostAfterMs) return before.answer;
    const pending = askMonitor(this.#parts.abilities, this.#recent).then((answer) => {
      if (this.#pending?.answer !== pending) return answer;
      this.#pending = undefined;
      const isWell = answer.grasp === "understood" && answer.status === "healthy";
      // M3.
      if (isWell && this.#told !== undefined && this.#told.atMs <= askedMs) this.#told = undefined;
      if (answer.grasp === "strange") this.#say(answer.message ?? "it says nothing");
      this.#note(answer);
      return answer;
    });
    this.#pending = { askedMs, answer: pending };
    return pending;
  }

  /** What is known without asking it. */
  now(): HealthAnswer {
    const told = this.#toldNow();
    const answer = this.#answer;
    const isWorse = told?.status === "unhealthy" || answer?.status === "healthy";
    const found = told !== undefined && (answer === undefined || isWorse) ? told : answer;
    if (found === undefined) return { status: "healthy", message: "it has told nothing" };
    const { status, message } = found;
    return { status, ...(message === undefined ? {} : { message: redact(message) }) };
  }

  /** It is ill by its own answer, and not only by what it has told of others. */
  get isIllItself(): boolean {
    return this.#answer?.status === "unhealthy";
  }

  trouble(): Trouble | undefined {
    const { status, message = "" } = this.now();
    if (status === "healthy") return undefined;
    const told = this.#toldNow();
    const nowMs = this.#parts.tools.monotonicMs();
    const sinceMs = Math.min(told?.firstMs ?? nowMs, this.#answerSinceMs() ?? nowMs);
    const forMs = nowMs - sinceMs;
    const lasting = forMs < 1000 ? "" : ` for ${formatDuration(forMs)}`;
    const words = message === "" ? status : `${status}: ${message}`;
    return { message: `monitor:${this.name} is ${words}${lasting}`, forMs, times: this.#alerts };
  }

  report(): MonitorReport {
    const asked = this.canBeAsked ? (["asked"] as const) : [];
    const heard = this.#parts.abilities.hears === undefined ? [] : (["heard"] as const);
    const { name, isHeard } = this;
    const { status, message } = this.now();
    const ways = [...asked, ...heard];
    const words = message === undefined ? {} : { message };
    return { name, isHeard, ways, status, ...words, alerts: this.#alerts };
  }

  #answerSinceMs(): number | undefined {
    return this.#answer?.status === "healthy" ? undefined : this.#answer?.sinceMs;
  }

  #toldNow(): Told | undefined {
    const nowMs = this.#parts.tools.monotonicMs();
    if (this.#told !== undefined && nowMs - this.#told.atMs > holdMs) this.#told = undefined;
    return this.#told;
  }

  /** M1. Called in the turn of whoever tells: it is to be over soon. */
  #hear(event: string, given: unknown): void {
    if (!this.isHeard) return;
    const meaning = meaningOfEvents.get(event) ?? "degraded";
    const isFlood = this.#isFlood();
    if (isFlood && meaning === "asked") return;
    const details = isFlood ? undefined : detailsIn(given);
    const read = meaning === "asked" ? readMonitorAnswer(details) : undefined;
    if (read !== undefined && read.grasp !== "understood") return;
    const severity = meaning === "healthy" ? meaning : (severityIn(details) ?? "healthy");
    const status = read?.status ?? (severity === "healthy" ? (meaning as HealthStatus) : severity);
    const message = textIn(details) ?? `it told "${event}"`;
    this.#take({ status, message: cutOff(message, 300), event, isFlood });
  }

  #take(heard: Pick<Told, "status" | "message"> & { event: string; isFlood: boolean }): void {
    const { status, message, event, isFlood } = heard;
    const atMs = this.#parts.tools.monotonicMs();
    const before = this.#toldNow();
    if (status === "healthy") this.#told = undefined;
    else {
      this.#alerts += 1;
      const words = isFlood ? (before?.message ?? message) : message;
      this.#told = { status, message: words, firstMs: before?.firstMs ?? atMs, atMs };
    }
    if (isFlood) return;
    const { findings } = this.#window;
    const more = findings < findingsMax ? "" : "; it tells too much, further ones are only counted";
    this.#found({ status, source: "event", event, message: `${message}${more}` });
  }

  #isFlood(): boolean {
    const nowMs = this.#parts.tools.monotonicMs();
    if (nowMs - this.#window.startedMs >= windowMs) {
      this.#window = { startedMs: nowMs, findings: 0 };
    }
    this.#window.findings += 1;
    return this.#window.findings > findingsMax;
  }

  #note(answer: MonitorAnswer): void {
    if (!this.isHeard) return;
    const before = this.#answer;
    const isSame = before?.status === answer.status;
    const sinceMs = isSame ? before.sinceMs : this.#parts.tools.monotonicMs();
    this.#answer = { ...answer, sinceMs };
    const { status, message = `it says that it is ${status}` } = answer;
    if (!isSame && (before !== undefined || status !== "healthy")) {
      this.#found({ status, source: "check", message });
    }
  }

  #found(finding: Omit<MonitorFinding, "monitor">): void {
    this.#parts.found({ ...finding, monitor: this.name, message: redact(finding.message) });
  }

  #say(message: string): void {
    if (this.#said.size >= findingsMax || this.#said.has(message)) return;
    this.#said.add(message);
    this.#parts.tell(message);
  }
}

/** Of an event of an EventTarget what it carries. Never throws. */
function detailsIn(given: unknown): unknown {
  if (!(given instanceof Event)) return given;
  const { detail, error, message } = given as Event & Readonly<Record<string, unknown>>;
  return detail ?? error ?? message;
}
