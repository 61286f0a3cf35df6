/**
 * One service as the proxy knows it: its route, who serves it, what is under way and what waits.
 *
 * The judgement is in `upstreams.ts`; this holds the live things that belong to it: polls, idle
 * connections, the waiting room, and whoever waits for an upstream to run dry.
 */
import { Agent } from "node:http";
import type { Route, RouteReport } from "../../model/index.ts";
import type { Log } from "./log.ts";
import { loopbackAddresses, pollUntilReady } from "./poll.ts";
import { type Member, Upstreams } from "./upstreams.ts";
import { WaitingRoom } from "./waiting-room.ts";

const idleConnectionsPerUpstream = 64;

/** The live side of a member. */
export interface Link {
  address: string;
  /** For requests that may be repeated; the others get a connection of their own. */
  readonly keepAlive: Agent;
  /** What to call so that a request under way looks for another upstream. */
  readonly moves: Set<() => void>;
  stopPolling: () => void;
}

interface DryWait {
  readonly id: string;
  readonly settle: () => void;
}

export class Service {
  readonly upstreams: Upstreams = new Upstreams();
  readonly room: WaitingRoom = new WaitingRoom();
  readonly counters = { requests: 0, failures: 0, retried: 0, held: 0 };
  route: Route;
  private readonly links = new WeakMap<Member, Link>();
  private readonly dryWaits = new Set<DryWait>();
  private readonly log: Log;

  constructor(route: Route, log: Log) {
    this.route = route;
    this.log = log;
    this.declare(route);
  }

  declare(route: Route): void {
    this.route = route;
    const changes = this.upstreams.declare(route.upstreams);
    for (const member of changes.leaving) this.retire(member);
    for (const member of changes.serving) this.welcome(member);
    for (const member of changes.joining) this.poll(member);
    for (const member of changes.ejected) {
      this.retire(member);
      for (const move of this.link(member).moves) move();
    }
    this.settleDry();
  }

  link(member: Member): Link {
    const known = this.links.get(member);
    if (known !== undefined) return known;
    const keepAlive = new Agent({ keepAlive: true, maxFreeSockets: idleConnectionsPerUpstream });
    const address = loopbackAddresses[0];
    const link: Link = { address, keepAlive, moves: new Set(), stopPolling: () => {} };
    this.links.set(member, link);
    return link;
  }

  /** A connection was refused or cut: others serve until this member answers again. */
  lost(member: Member, reason: string): void {
    if (!this.upstreams.lost(member)) return;
    this.log.write("upstream-down", { ...this.nameOf(member), reason });
    closeIdle(this.link(member).keepAlive);
    this.poll(member);
  }

  end(member: Member, result: "served" | "failed" | "neither"): void {
    this.upstreams.end(member, result);
    if (this.dryWaits.size > 0) this.settleDry();
  }

  /** Resolves with what is still in flight: 0, or the rest when the deadline passes. */
  drained(id: string, deadlineMs: number): Promise<number> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.dryWaits.delete(wait);
        resolve(this.upstreams.inFlight(id));
      };
      const wait: DryWait = { id, settle };
      const timer = setTimeout(settle, deadlineMs);
      this.dryWaits.add(wait);
      this.settleDry();
    });
  }

  report(): Omit<RouteReport, "host" | "port" | "listening" | "listenError"> {
    const upstreams = this.upstreams.reports();
    return { service: this.route.service, upstreams, ...this.counters };
  }

  /** Nobody serves any more; what is under way may finish. */
  close(): void {
    this.declare({ ...this.route, upstreams: [] });
    this.room.close();
  }

  private poll(member: Member): void {
    const link = this.link(member);
    link.stopPolling();
    link.stopPolling = pollUntilReady({
      port: member.port,
      readyPath: this.route.readyPath,
      onReady: (address) => {
        link.address = address;
        if (this.upstreams.answered(member)) this.welcome(member);
      },
    });
  }

  private welcome(member: Member): void {
    const link = this.link(member);
    link.stopPolling();
    link.keepAlive.maxFreeSockets = idleConnectionsPerUpstream;
    this.log.write("upstream-up", this.nameOf(member));
    this.room.open();
  }

  /** No new requests: idle connections would only delay the instance's own farewell. */
  private retire(member: Member): void {
    const link = this.link(member);
    link.stopPolling();
    link.keepAlive.maxFreeSockets = 0;
    closeIdle(link.keepAlive);
    this.log.write("upstream-out", { ...this.nameOf(member), state: member.phase });
  }

  private settleDry(): void {
    for (const wait of this.dryWaits) {
      if (this.upstreams.inFlight(wait.id) === 0) wait.settle();
    }
  }

  private nameOf({ id, port }: Member): { service: string; upstream: string; port: number } {
    return { service: this.route.service, upstream: id, port };
  }
}

function closeIdle(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
