/**
 * What the router has been told of each service with `listen`. The whole route is declared every
 * time, so that a call that was lost is made good by the next one.
 */
import type { ServiceSpec } from "../../config/index.ts";
import { messageOf } from "../../kernel/index.ts";
import type { Route, RouteReport, Router, Upstream } from "../../model/index.ts";
import { portHolder } from "../../system/index.ts";
import type { Note } from "./context.ts";
import { type Run, upstreamIdOf } from "./run.ts";

type State = Upstream["state"];

interface Entry {
  spec: ServiceSpec;
  readonly upstreams: Map<string, Upstream>;
}

export class Routes {
  readonly #router: Router | undefined;
  readonly #note: Note;
  readonly #entries = new Map<string, Entry>();

  constructor(router: Router | undefined, note: Note) {
    this.#router = router;
    this.#note = note;
  }

  /** True when requests reach this run through the router. */
  has(run: Run): boolean {
    return this.#entries.get(run.service)?.upstreams.has(upstreamIdOf(run)) ?? false;
  }

  /** Remembers the run as an upstream without telling the router yet. */
  add(run: Run, spec: ServiceSpec, state: State = "join"): void {
    if (!this.#router || !spec.listen || run.port === undefined) return;
    const entry = this.#entries.get(run.service) ?? { spec, upstreams: new Map() };
    entry.spec = spec;
    const id = upstreamIdOf(run);
    entry.upstreams.set(id, { id, port: run.port, state });
    this.#entries.set(run.service, entry);
  }

  /** Resolves when the router has taken it over: false when it could not be told. */
  async set(run: Run, state: State): Promise<boolean> {
    const entry = this.#entries.get(run.service);
    const upstream = entry?.upstreams.get(upstreamIdOf(run));
    if (!entry || !upstream) return true;
    entry.upstreams.set(upstream.id, { ...upstream, state });
    return (await this.declare(run.service)) !== undefined;
  }

  /** The router forgets the run; requests in flight there are finished. */
  remove(run: Run): void {
    if (this.#entries.get(run.service)?.upstreams.delete(upstreamIdOf(run))) {
      void this.declare(run.service);
    }
  }

  /** The service is no longer ours: nobody listens for it any more. */
  async forget(service: string): Promise<void> {
    if (!this.#entries.delete(service)) return;
    await this.#router?.remove(service).catch((error: unknown) => this.#complain(service, error));
  }

  /** Undefined when there is no route or no router that answers. */
  async declare(service: string): Promise<RouteReport | undefined> {
    const entry = this.#entries.get(service);
    const route = entry && routeOf(entry);
    if (!route || !this.#router) return undefined;
    try {
      const report = await this.#router.route(route);
      if (!report.listening)
        this.#note("route-not-listening", { service, reason: report.listenError ?? "" });
      return report;
    } catch (error) {
      this.#complain(service, error);
      return undefined;
    }
  }

  /** For a router that has just started and knows nothing. */
  async declareAll(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((service) => this.declare(service)));
  }

  /** Requests that are still in flight when the deadline passes. */
  async drained(run: Run, drainMs: number): Promise<number> {
    return (await this.#router?.drained(run.service, upstreamIdOf(run), drainMs)) ?? 0;
  }

  /** True when requests would find somebody without the run. */
  async othersServe(run: Run): Promise<boolean> {
    try {
      const reports = (await this.#router?.reports()) ?? [];
      const route = reports.find((report) => report.service === run.service);
      const own = upstreamIdOf(run);
      return route?.upstreams.some(({ id, state }) => id !== own && state === "serving") ?? false;
    } catch {
      // Who cannot be asked cannot be told either.
      return false;
    }
  }

  /** How the router sees the run; a router that does not know it is told again. */
  async stateOf(run: Run): Promise<string> {
    try {
      const reports = (await this.#router?.reports()) ?? [];
      const route = reports.find((report) => report.service === run.service);
      const found = route?.upstreams.find(({ id }) => id === upstreamIdOf(run));
      if (!route || !found) {
        await this.declare(run.service);
        return "the router does not know it yet";
      }
      return route.listening ? found.state : `the router cannot listen: ${this.#heldText(route)}`;
    } catch (error) {
      return `the router does not answer: ${messageOf(error)}`;
    }
  }

  #heldText({ service, listenError }: RouteReport): string {
    const listen = this.#entries.get(service)?.spec.listen;
    const holder = listen && portHolder(listen.host, listen.port);
    if (!holder) return listenError ?? "no reason given";
    return `${listenError}, port ${listen.port} is held by pid ${holder.pid} (${holder.command})`;
  }

  #complain(service: string, error: unknown): void {
    this.#note("router-away", { service, reason: messageOf(error) });
  }
}

function routeOf({ spec, upstreams }: Entry): Route | undefined {
  if (!spec.listen) return undefined;
  const { name, listen, timeoutMs, autoRetry } = spec;
  const path = (spec.readiness ?? spec.startup ?? spec.liveness)?.parameters["path"];
  return {
    service: name,
    host: listen.host,
    port: listen.port,
    upstreams: [...upstreams.values()],
    holdMs: timeoutMs,
    timeoutMs,
    repeats: autoRetry,
    ...(typeof path === "string" ? { readyPath: path } : {}),
  };
}
