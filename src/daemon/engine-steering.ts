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
 */
import type { ControlListener, Steering } from "../api/index.ts";
import { modes, SoulMirrorError } from "../kernel/index.ts";
import type {
  ControlMessage,
  EngineLink,
  EngineStand,
  EngineWish,
  EngineWishChange,
  OpenCircuit,
  SteeredService,
} from "../model/index.ts";

const isolatedMax = 100;
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
  readonly until: Map<string, number>;
}

const nothing: EngineWish = { version: 0, mode: null, isolated: {} };

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
    return this.#wishes.get(service) ?? nothing;
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

  /** Resolves when it is kept and told. Rejects with CONFLICT when there is no room for it. */
  change(service: string, change: EngineWishChange): Promise<EngineWish> {
    const turn = this.#turn.then(() => this.#change(service, change));
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
    const listener: Listener = { instance, since, send, end, stand: undefined, until: new Map() };
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
    if (!isNews) return true;
    const now = this.#options.wallMs();
    listener.until.clear();
    for (const { name, forMs } of stand.open) listener.until.set(name, now + forMs);
    for (const other of known.values()) {
      if (other !== listener) other.send(this.#votesFor(known, other.instance));
    }
    return true;
  }

  async #change(service: string, change: EngineWishChange): Promise<EngineWish> {
    const before = this.wishOf(service);
    const isolated = new Map(Object.entries(before.isolated));
    if (change.release !== undefined) isolated.delete(change.release);
    if (change.isolate !== undefined) {
      isolated.set(change.isolate.operation, change.isolate.reason);
    }
    const isFull = !this.#wishes.has(service) && this.#wishes.size >= servicesMax;
    if (isFull || isolated.size > isolatedMax) {
      throw new SoulMirrorError("CONFLICT", `there is no room for more than ${isolatedMax}`, {
        fix: "release operations that need not be isolated any more",
      });
    }
    const wish: EngineWish = {
      version: before.version + 1,
      mode: change.mode === undefined ? before.mode : change.mode,
      isolated: Object.fromEntries(isolated),
    };
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

/** For people: `the mode monitor, the isolation of mail.send (it is down)`. */
export function wishWords({ mode, isolate, release }: EngineWishChange): string {
  return [
    ...(mode === undefined ? [] : [mode === null ? "no mode of its own" : `the mode ${mode}`]),
    ...(isolate === undefined ? [] : [`the isolation of ${isolate.operation} (${isolate.reason})`]),
    ...(release === undefined ? [] : [`the release of ${release}`]),
  ].join(", ");
}

/** Undefined: nobody can say what was wanted. */
function wishesIn(text: string): Map<string, EngineWish> | undefined {
  try {
    const { version, wishes } = JSON.parse(text) as { version?: unknown; wishes?: unknown };
    if (version !== 1 || typeof wishes !== "object" || wishes === null) return undefined;
    const all = Object.entries(wishes as Record<string, unknown>);
    return all.every(([, wish]) => isWish(wish))
      ? new Map(all as (readonly [string, EngineWish])[])
      : undefined;
  } catch {
    // Half a file, or somebody else's.
    return undefined;
  }
}

function isWish(value: unknown): value is EngineWish {
  const { version, mode, isolated } = (value ?? {}) as Partial<Record<keyof EngineWish, unknown>>;
  return (
    Number.isSafeInteger(version) &&
    (mode === null || (modes as readonly unknown[]).includes(mode)) &&
    typeof isolated === "object" &&
    isolated !== null &&
    Object.values(isolated).every((reason) => typeof reason === "string")
  );
}
