/**
 * A house for the API to stand on: the real stages in a simulated world, and the memory store as
 * the reference of all stores. Time passes only when a test lets it.
 */
import { createHmac } from "node:crypto";
import { trendsOf } from "../../src/analyze/index.ts";
import type { House } from "../../src/api/index.ts";
import type { Fleet } from "../../src/config/index.ts";
import { EngineSteering } from "../../src/daemon/engine-steering.ts";
import { createIds, createRandom } from "../../src/kernel/index.ts";
import {
  createChain,
  createMemoryStore,
  createRecollection,
  recollect,
} from "../../src/knowledge/index.ts";
import {
  createLoopState,
  type LoopState,
  resourcesOf,
  servicesOf,
  tick,
} from "../../src/loop/index.ts";
import {
  type EngineWishChange,
  type Entry,
  isFinished,
  type PersonRequest,
  type ResourceId,
  type SealedEntry,
  type Store,
} from "../../src/model/index.ts";
import { EngineBook, type Telemetry } from "../../src/targets/index.ts";
import { simulatedFleet } from "../simulation/simulated-fleet.ts";
import { SimulatedWorld } from "../simulation/simulated-world.ts";

type Listener = (entries: readonly SealedEntry[]) => void;

export class ApiHouse implements House {
  readonly fleetName = "shop";
  readonly version = "0.1.0";
  readonly startedAt: number;
  readonly world = new SimulatedWorld(createRandom(1));
  readonly clock = { now: () => this.world.now() };
  readonly store: Store;
  readonly beats: ResourceId[] = [];
  readonly lines = new Set<(line: string) => void>();
  readonly requests: PersonRequest[] = [];
  readonly book: EngineBook;
  /** Too much waits already. */
  isFull = false;
  readonly #listeners = new Set<Listener>();
  readonly #memory = createRecollection();
  readonly #chain = createChain((text) => createHmac("sha256", "key").update(text).digest("hex"));
  readonly #ids = createIds(this.clock, createRandom(2));
  readonly #fleet: Fleet;
  readonly #loop: LoopState;
  #wakeMs = 0;

  constructor(store: Store = createMemoryStore(), book = new EngineBook()) {
    this.store = store;
    this.book = book;
    this.startedAt = this.world.now().wallMs;
    this.#fleet = apiFleet();
    const tools = { clock: this.clock, ids: this.#ids, random: createRandom(3) };
    this.#loop = createLoopState(this.#fleet, tools);
    this.world.tell({ kind: "fleet", fleet: this.#fleet });
  }

  /** Lets the world and the loop run for so long. */
  async advance(forMs: number): Promise<void> {
    const { world } = this;
    const endMs = world.nowMs + forMs;
    while (world.nowMs < endMs) {
      const nextMs = Math.min(world.nextEventMs(), this.#wakeMs, endMs);
      world.nowMs = Math.max(world.nowMs, nextMs);
      const done = tick(this.#loop, world.runDue(), world.now());
      if (done.entries.length > 0) await this.write(done.entries);
      for (const { read, request } of done.reads) {
        const { key } = request.spec;
        world.look(request, (readings) => world.tell({ kind: "read", key, read, readings }));
      }
      for (const command of done.commands) {
        world.carryOut(command, (result) =>
          world.tell({ kind: "result", command: command.id, result }),
        );
      }
      this.#wakeMs = done.wakeMs ?? Number.POSITIVE_INFINITY;
    }
  }

  async write(entries: readonly Entry[]): Promise<readonly SealedEntry[]> {
    const at = this.world.now().wallMs;
    const sealed = this.#chain.seal(entries, at, this.#ids);
    await this.store.append(sealed);
    for (const entry of entries) recollect(this.#memory, entry, at);
    this.tell(sealed);
    return sealed;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  services = () => servicesOf(this.#loop);
  resources = () => resourcesOf(this.#loop);
  mode = () => this.#fleet.mode;
  modes = () => Object.fromEntries(this.#loop.plan.modes);
  liveIncidents = () => [...this.#memory.incidents.values()].toReversed();
  openFailures = () => [...this.#memory.failures.values()];
  actionsUnderWay = () => [...this.#memory.actions.values()].filter((each) => !isFinished(each));
  trends = () => trendsOf(this.#loop.analyze.judging, this.clock.now());
  routes = async () => [];

  request(request: PersonRequest): boolean {
    if (this.isFull) return false;
    this.requests.push(request);
    this.world.tell({ kind: "request", request });
    this.#wakeMs = this.world.nowMs;
    return true;
  }

  heartbeat(resource: ResourceId): boolean {
    const isExpected = resource === "heartbeat/backup";
    if (isExpected) this.beats.push(resource);
    return isExpected;
  }

  engines = () => this.book.reports(this.clock.now());
  takeTelemetry(telemetry: readonly Telemetry[], service: string | undefined) {
    return this.book.take(telemetry, service, this.clock.now());
  }

  readonly steering = new EngineSteering({
    kept: undefined,
    keep: async () => {},
    wallMs: () => this.clock.now().wallMs,
  });
  steer = (service: string, change: EngineWishChange) => this.steering.change(service, change);

  logTail = async (resource: ResourceId, lines: number) =>
    ["first", "second", `third of ${resource}`].slice(-lines);

  followLog(_resource: ResourceId, onLine: (line: string) => void, signal: AbortSignal): void {
    this.lines.add(onLine);
    signal.addEventListener("abort", () => this.lines.delete(onLine));
  }

  diagnostics = async (resource: ResourceId) => `what can be seen of ${resource}`;
  effectiveConfig = () => ({ fleet: this.#fleet.name });
  diff = async () => ["service-0: instances 2 -> 3"];
  explain = (key: string) => (key === "mode" ? { value: "full", from: "default" } : undefined);

  tell(entries: readonly SealedEntry[]): void {
    for (const listener of this.#listeners) listener(entries);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  self = () => ({
    rssBytes: 80 * 1024 * 1024,
    cpuSeconds: 1.5,
    loopDelayP99Ms: 3,
    kept: "store" as const,
    losses: { inputs: 0, metricRows: 0 },
    queued: 0,
  });
}

function apiFleet(): Fleet {
  const fleet = simulatedFleet({ services: 3, resources: 2, versions: new Map() });
  const site = fleet.resources["http/site-0"];
  if (site === undefined) throw new Error("the simulated fleet has a site");
  const beat = { ...site, id: "heartbeat/backup", kind: "heartbeat" };
  const asking = fleet.services["service-2"];
  if (asking === undefined) throw new Error("the simulated fleet has three services");
  // Whatever is to be done to this one waits for a person.
  const approvals = {
    restart: "always",
    drain_restart: "always",
    restart_cause: "always",
  } as const;
  return {
    ...fleet,
    services: { ...fleet.services, "service-2": { ...asking, approvals } },
    resources: { ...fleet.resources, [beat.id]: beat },
  };
}
