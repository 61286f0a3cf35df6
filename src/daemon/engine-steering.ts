/**
 * What people want of the engines inside of services, and the engines that listen for it.
 *
 * G1. A wish is on the disk before any engine hears of it, and the next daemon knows it.
 * G2. Each message is whole: who missed one, or comes late, is right after the next.
 * G3. What cannot be read is set aside, and then engines are told nothing until somebody wants
 *     something anew: they keep what they have.
 * G4. Circuits that an engine has opened are told to the other engines of its service only, and
 *     forgotten when their time is over or their engine goes.
 * G5. Bounded: engines, operations, services with a wish.
 * G6. What is wanted for a time is wanted no more after it; engines end it by themselves.
 */
import type { ControlListener, Steering } from "../api/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import type {
  ControlMessage,
  EngineLink,
  EngineStand,
  EngineWish,
  EngineWishChange,
  OpenCircuit,
  SteeredService,
} from "../model/index.ts";
import type { EngineSaidNow } from "./engine-now.ts";
import { changedWish, noWish, wishAt, wishesIn } from "./engine-wish.ts";

const servicesMax = 1000;
const enginesOfServiceMax = 64;
const enginesMax = 256;
const instancesTold = 20;

export interface EngineSteeringOptions {
  /** The content that `keep` was given last; undefined: there was none. */
  readonly kept: string | undefined;
  readonly keep: (content: string) => Promise<void>;
  readonly wallMs: () => number;
}

interface Listener extends ControlListener {
  readonly instance: string;
  readonly since: number;
  stand: EngineStand | undefined;
  /** When it last told of itself. */
  saidAt: number;
  readonly until: Map<string, number>;
}

export class EngineSteering implements Steering {
  readonly #options: EngineSteeringOptions;
  readonly #wishes: Map<string, EngineWish>;
  readonly #listeners = new Map<string, Map<string, Listener>>();
  /** G3. */
  readonly isReadable: boolean;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: EngineSteeringOptions) {
    this.#options = options;
    const read =
      options.kept === undefined ? new Map<string, EngineWish>() : wishesIn(options.kept);
    this.isReadable = read !== undefined;
    this.#wishes = read ?? new Map<string, EngineWish>();
  }

  wishOf(service: string): EngineWish {
    return wishAt(this.#wishes.get(service) ?? noWish, this.#options.wallMs());
  }

  /** Of services that somebody wants something of, or whose engines listen. */
  services(): readonly SteeredService[] {
    const names = new Set([...this.#wishes.keys(), ...this.#listeners.keys()]);
    return [...names].sort().map((service) => ({
      service,
      wish: this.wishOf(service),
      engines: [...this.#of(service).values()].map((each) => this.#linkOf(each)),
    }));
  }

  linkOf(service: string, instance: string): EngineLink | undefined {
    const listener = this.#listeners.get(service)?.get(instance);
    return listener && this.#linkOf(listener);
  }

  /** Undefined for one that does not listen, or has not told of itself yet. */
  saidBy(service: string, instance: string): EngineSaidNow | undefined {
    const listener = this.#listeners.get(service)?.get(instance);
    if (listener?.stand === undefined) return undefined;
    return { at: listener.saidAt, link: this.#linkOf(listener), wish: this.wishOf(service) };
  }

  /** Resolves when it is kept and told. Rejects with CONFLICT when there is no room for it. */
  change(service: string, change: EngineWishChange, by = "somebody"): Promise<EngineWish> {
    const turn = this.#turn.then(() => this.#change(service, change, by));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Returns how it goes. Another one of that name takes its place. Throws BUSY. */
  join(service: string, instance: string, { send, end }: ControlListener): () => void {
    const known = this.#of(service);
    const before = known.get(instance);
    const all = [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
    if (before === undefined && (known.size >= enginesOfServiceMax || all >= enginesMax)) {
      throw new SoulMirrorError("BUSY", `${all} engines listen already`, {
        fix: `there is room for ${enginesOfServiceMax} of one service and ${enginesMax} in all`,
        retryAfterMs: 30_000,
      });
    }
    const since = this.#options.wallMs();
    const listener: Listener = {
      instance,
      since,
      send,
      end,
      stand: undefined,
      saidAt: since,
      until: new Map(),
    };
    known.set(instance, listener);
    this.#listeners.set(service, known);
    before?.end();
    if (this.isReadable || this.#wishes.has(service)) {
      send({ kind: "wish", ...this.wishOf(service) });
    }
    send(this.#votesFor(known, instance));
    return () => {
      if (known.get(instance) !== listener) return;
      known.delete(instance);
      if (known.size === 0) this.#listeners.delete(service);
    };
  }

  /** False when no such engine listens. */
  hear(service: string, stand: EngineStand): boolean {
    const known = this.#of(service);
    const listener = known.get(stand.instance);
    if (listener === undefined) return false;
    const isNews = JSON.stringify(listener.stand?.open ?? []) !== JSON.stringify(stand.open);
    listener.stand = stand;
    listener.saidAt = this.#options.wallMs();
    if (!isNews) return true;
    const now = this.#options.wallMs();
    listener.until.clear();
    for (const { name, forMs } of stand.open) listener.until.set(name, now + forMs);
    for (const other of known.values()) {
      if (other !== listener) other.send(this.#votesFor(known, other.instance));
    }
    return true;
  }

  async #change(service: string, change: EngineWishChange, by: string): Promise<EngineWish> {
    if (!this.#wishes.has(service) && this.#wishes.size >= servicesMax) {
      throw new SoulMirrorError("CONFLICT", `there is no room for more than ${servicesMax}`);
    }
    const at = this.#options.wallMs();
    const wish = changedWish(this.wishOf(service), change, { by, at });
    const all = new Map(this.#wishes).set(service, wish);
    await this.#options.keep(
      `${JSON.stringify({ version: 1, wishes: Object.fromEntries(all) })}\n`,
    );
    this.#wishes.set(service, wish);
    for (const { send } of this.#of(service).values()) send({ kind: "wish", ...wish });
    return wish;
  }

  #of(service: string): Map<string, Listener> {
    return this.#listeners.get(service) ?? new Map<string, Listener>();
  }

  #votesFor(known: ReadonlyMap<string, Listener>, instance: string): ControlMessage {
    const others = [...known.values()].filter((each) => each.instance !== instance);
    const votes = others.map((each) => ({ instance: each.instance, open: this.#openOf(each) }));
    const told = votes.filter(({ open }) => open.length > 0).slice(0, instancesTold);
    return { kind: "votes", votes: told };
  }

  #openOf({ until }: Listener): readonly OpenCircuit[] {
    const now = this.#options.wallMs();
    return [...until].flatMap(([name, at]) => (at > now ? [{ name, forMs: at - now }] : []));
  }

  #linkOf(listener: Listener): EngineLink {
    const { instance, since, stand } = listener;
    const open = this.#openOf(listener).map(({ name }) => name);
    return { instance, since, version: stand?.version ?? null, mode: stand?.mode ?? null, open };
  }
}
