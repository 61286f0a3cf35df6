/**
 * An engine that its daemon steers: it goes by what is wanted, says so, and tells which circuits it
 * has opened, so that the others of its service can go by that.
 *
 * D1. What was wanted last holds until something else is wanted: a daemon that is away, begins anew
 *     or talks nonsense changes nothing.
 * D2. It holds before the first call, also after a restart of the service.
 * D3. Of modes the strictest wins, and nothing is closed by the daemon that something else has
 *     opened. Limits take the place of what is configured, within bounds; a provider that a person
 *     has ejected is asked again before nobody is.
 * D4. Each message is whole, and so is each answer: what was missed is made good by the next.
 * D5. What is wanted for a time ends with it, also while the daemon is away.
 * D6. The daemon hears what has changed here within two seconds, whatever has changed it: the mode
 *     in force, a circuit that has opened or opened again. Of two answers the later is the newer.
 */
import { type CancelTimer, type Mode, messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { type BreakerMemory, Quorum, type Vote, type VoteBoard } from "../breaker-states/index.ts";
import type { EngineEventHub } from "../events.ts";
import { ControlLink } from "./control-link.ts";
import { type PeerVote, readControl, type Wish, wishAt } from "./control-message.ts";
import { WishFile } from "./wish-file.ts";

export interface SteeredEngineOptions {
  readonly endpoint: string;
  readonly token: string;
  readonly service: string;
  readonly instance: string;
  /** Where what was said last is kept. */
  readonly folder: string | undefined;
  readonly tools: Tools;
  readonly events: EngineEventHub;
  readonly memory: BreakerMemory;
  /** The mode in force. */
  readonly mode: () => Mode;
  /** What is wanted by now takes the place of what was wanted before. */
  readonly goBy: (wish: Wish) => void;
}

const openTold = 100;
const nameMax = 200;
/** After an answer that did not arrive. */
const againMs = 5000;
/** A timer is set for no longer: the clock may be set meanwhile. */
const lookAgainMs = 60_000;

export class SteeredEngine implements VoteBoard {
  readonly #options: SteeredEngineOptions;
  readonly #file: WishFile;
  readonly #link: ControlLink;
  readonly #quorum: Quorum;
  #wish: Wish | undefined;
  #open: Vote["open"] = [];
  #peers: readonly Vote[] = [];
  #cancelAgain: CancelTimer | undefined;
  #cancelEnd: CancelTimer | undefined;
  /** What the daemon was told last, or is being told; undefined: nothing yet. */
  #told: string | undefined;
  #isAnswering = false;
  #isAsked = false;
  #isClosed = false;

  /** Throws for an endpoint that is no URL. */
  constructor(options: SteeredEngineOptions) {
    const { endpoint, token, service, instance, folder, tools, memory } = options;
    this.#options = options;
    const url = new URL(endpoint);
    const tell = (message: string): void => this.#tell(message);
    this.#file = new WishFile({ folder, endpoint: url.origin, service, tell });
    const kept = this.#file.read();
    if (kept !== undefined) this.#goBy(kept);
    this.#quorum = new Quorum({ memory, board: this, instance, tools, tell });
    this.#link = new ControlLink({
      endpoint: url,
      token,
      instance,
      tools,
      onOpen: () => void this.#answer(),
      onMessage: (text) => this.#hear(text),
      onBroken: (reason, isFirst) => {
        this.#peers = [];
        if (isFirst) this.#tell(`the daemon is away (${reason}): what it said last holds on`);
      },
    });
  }

  // oxlint-disable-next-line require-await -- the board of a quorum answers later.
  async post({ open }: Vote): Promise<void> {
    this.#open = open.filter(({ name }) => name.length <= nameMax).slice(0, openTold);
    // D6.
    if (this.#told !== undefined && this.#told !== this.#news()) void this.#answer();
  }

  // oxlint-disable-next-line require-await -- the same.
  async read(): Promise<readonly Vote[]> {
    const at = this.#options.tools.wallMs();
    // Who is connected has them as they are now.
    return this.#peers.map((vote) => ({ ...vote, at }));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelAgain?.();
    this.#cancelEnd?.();
    this.#quorum.close();
    this.#link.close();
  }

  #hear(text: string): void {
    try {
      const message = readControl(text);
      if (message.kind === "votes") this.#takeVotes(message.votes);
      else {
        this.#goBy(message);
        this.#file.write(message);
        void this.#answer();
      }
    } catch (error) {
      this.#tell(`the daemon says what cannot be understood: ${messageOf(error)}`);
    }
  }

  #goBy(wish: Wish): void {
    this.#wish = wish;
    this.#goByTime(wish);
  }

  /** D5. */
  #goByTime(wish: Wish): void {
    const { memory, goBy, tools } = this.#options;
    const nowMs = tools.wallMs();
    const now = wishAt(wish, nowMs);
    goBy(now.wish);
    memory.isolateExactly(now.wish.isolated);
    this.#cancelEnd?.();
    if (now.untilMs === Infinity) return;
    const delayMs = Math.min(lookAgainMs, now.untilMs - nowMs);
    this.#cancelEnd = tools.background.after(delayMs, () => {
      if (!this.#isClosed) this.#goByTime(wish);
    });
  }

  #takeVotes(votes: readonly PeerVote[]): void {
    const at = this.#options.tools.wallMs();
    this.#peers = votes.map(({ instance, open }) => ({
      instance,
      at,
      open: open.map(({ name, forMs }) => ({ name, nextRetryAt: at + forMs })),
    }));
    void this.#quorum.look();
  }

  /** What makes another answer of it, without what time alone changes. */
  #news(): string {
    return JSON.stringify([this.#options.mode(), this.#open]);
  }

  async #answer(): Promise<void> {
    if (this.#isClosed || !this.#link.isOpen) return;
    this.#isAsked = true;
    // D6: the older of two that are under way could arrive last.
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    this.#cancelAgain?.();
    try {
      while (this.#isAsked) {
        this.#isAsked = false;
        this.#told = this.#news();
        await this.#link.tell(this.#stand());
      }
    } catch {
      // The link says when the daemon is away; what is left is a single answer that got lost.
      if (this.#isClosed) return;
      this.#cancelAgain = this.#options.tools.background.after(againMs, () => void this.#answer());
    } finally {
      this.#isAnswering = false;
    }
  }

  #stand(): object {
    const { instance, tools, mode } = this.#options;
    const now = tools.wallMs();
    const open = this.#open.map(({ name, nextRetryAt }) => ({
      name,
      forMs: Math.min(86_400_000, Math.max(0, nextRetryAt - now)),
    }));
    return { instance, version: this.#wish?.version ?? null, mode: mode(), open };
  }

  #tell(message: string): void {
    this.#options.events.emit("state", { subject: "control", message });
  }
}
