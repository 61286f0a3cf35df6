/**
 * An engine that its daemon steers: it goes by what is wanted, says so, and tells which circuits it
 * has opened, so that the others of its service can go by that.
 *
 * D1. What was wanted last holds until something else is wanted: a daemon that is away, begins anew
 *     or talks nonsense changes nothing.
 * D2. It holds before the first call, also after a restart of the service.
 * D3. The daemon can only hold back: of modes the strictest wins, and nothing is closed by it that
 *     something else has opened.
 * D4. Each message is whole, and so is each answer: what was missed is made good by the next.
 */
import { type CancelTimer, type Mode, messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { type BreakerMemory, Quorum, type Vote, type VoteBoard } from "../breaker-states/index.ts";
import type { EngineEventHub } from "../events.ts";
import { ControlLink } from "./control-link.ts";
import { type PeerVote, readControl, type Wish } from "./control-message.ts";
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
  /** What the daemon wants; undefined takes it back. */
  readonly setMode: (mode: Mode | undefined) => void;
}

const openTold = 100;
const nameMax = 200;
/** After an answer that did not arrive. */
const againMs = 5000;

export class SteeredEngine implements VoteBoard {
  readonly #options: SteeredEngineOptions;
  readonly #file: WishFile;
  readonly #link: ControlLink;
  readonly #quorum: Quorum;
  #wish: Wish | undefined;
  #open: Vote["open"] = [];
  #peers: readonly Vote[] = [];
  #cancelAgain: CancelTimer | undefined;
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
    const before = JSON.stringify(this.#open.map(({ name }) => name));
    this.#open = open.filter(({ name }) => name.length <= nameMax).slice(0, openTold);
    const isNews = before !== JSON.stringify(this.#open.map(({ name }) => name));
    if (isNews) void this.#answer();
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
    const { memory, setMode } = this.#options;
    if (wish.mode !== this.#wish?.mode) setMode(wish.mode);
    memory.isolateExactly(wish.isolated);
    this.#wish = wish;
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

  async #answer(): Promise<void> {
    if (this.#isClosed || !this.#link.isOpen) return;
    const { instance, tools, mode } = this.#options;
    const now = tools.wallMs();
    const open = this.#open.map(({ name, nextRetryAt }) => ({
      name,
      forMs: Math.min(86_400_000, Math.max(0, nextRetryAt - now)),
    }));
    const version = this.#wish?.version ?? null;
    this.#cancelAgain?.();
    try {
      await this.#link.tell({ instance, version, mode: mode(), open });
    } catch {
      // The link says when the daemon is away; what is left is a single answer that got lost.
      if (this.#isClosed) return;
      this.#cancelAgain = tools.background.after(againMs, () => void this.#answer());
    }
  }

  #tell(message: string): void {
    this.#options.events.emit("state", { subject: "control", message });
  }
}
