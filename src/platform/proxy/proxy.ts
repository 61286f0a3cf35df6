/** All services of the proxy process: the router itself, before it is put behind a socket. */
import type { Route, RouteReport, Router } from "../../model/index.ts";
import { Front } from "./front.ts";
import type { Log } from "./log.ts";

const dryCheckMs = 20;

export class Proxy implements Router {
  private readonly fronts = new Map<string, Front>();
  /** Removed services that still have requests under way. */
  private readonly leaving = new Set<Front>();
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  async route(route: Route): Promise<RouteReport> {
    const known = this.fronts.get(route.service);
    if (known !== undefined) return await known.take(route);
    const front = new Front(route, this.log);
    this.fronts.set(route.service, front);
    return await front.take(route);
  }

  async remove(service: string): Promise<void> {
    const front = this.fronts.get(service);
    if (front === undefined) return;
    this.fronts.delete(service);
    front.close();
    for (const earlier of this.leaving) if (!earlier.isBusy) this.leaving.delete(earlier);
    if (front.isBusy) this.leaving.add(front);
    this.log.write("removed", { service });
  }

  async drained(service: string, upstreamId: string, deadlineMs: number): Promise<number> {
    const front = this.fronts.get(service);
    return front === undefined ? 0 : await front.service.drained(upstreamId, deadlineMs);
  }

  async reports(): Promise<readonly RouteReport[]> {
    return [...this.fronts.values()].map((front) => front.report());
  }

  /** Accepts nobody any more; resolves when the last request is answered, or at the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    const fronts = [...this.fronts.values(), ...this.leaving];
    for (const front of fronts) front.stopAccepting();
    while (!deadline.aborted && fronts.some((front) => front.isBusy)) {
      await new Promise((resolve) => setTimeout(resolve, dryCheckMs));
    }
    // The last answers are written; one more turn of the loop hands them to the kernel.
    await new Promise((resolve) => setTimeout(resolve, dryCheckMs));
  }
}
