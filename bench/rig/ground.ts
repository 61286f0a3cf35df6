/**
 * A fleet file in a folder of its own and a daemon for it, both gone when the figure is over.
 *
 * G1. Everything that was started ends: the services in order, else by their pids, then whatever
 *     was started for this data directory.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DaemonClient } from "../../src/cli/daemon-client.ts";
import { Place } from "../../src/cli/place.ts";
import { startDaemon } from "../../src/cli/start-daemon.ts";
import { endDaemon, livingDaemon, stopServices } from "../../src/cli/stop-fleet.ts";
import type { ServiceView } from "../../src/loop/index.ts";
import type { SealedEntry } from "../../src/model/index.ts";
import type { Bench } from "./figure.ts";
import { freePort } from "./free-ports.ts";
import { findProcesses, signalProcess } from "./process-figures.ts";

const pageSize = 500;

export class Ground {
  readonly place: Place;
  /** Of services that were seen, so that they can be ended without a daemon. */
  readonly #seen = new Set<number>();
  #client: DaemonClient | undefined;

  private constructor(place: Place) {
    this.place = place;
  }

  /** With a daemon that is ready; `fleet` is the content of the fleet file. */
  static async open(bench: Bench, fleet: object): Promise<Ground> {
    const fleetPath = join(bench.folder, "soulmirror.yaml");
    // JSON is YAML.
    writeFileSync(fleetPath, JSON.stringify({ fleet: "bench", mode: "full", ...fleet }));
    return await Ground.at(bench, fleetPath);
  }

  static async at(bench: Bench, fleetPath: string): Promise<Ground> {
    const data = join(bench.folder, "data-of-soulmirror");
    const ground = new Ground(new Place({ config: fleetPath, data, port: await freePort() }));
    bench.teardown.defer(() => ground.#close());
    await ground.startDaemon();
    return ground;
  }

  get client(): DaemonClient {
    this.#client ??= DaemonClient.at(this.place);
    return this.#client;
  }

  get daemonPid(): number {
    return livingDaemon(this.place.dataPath).pid;
  }

  /** The daemon and the proxy, as they are now. */
  ownPids(): readonly number[] {
    return findProcesses(this.place.dataPath, "/src/");
  }

  async startDaemon(): Promise<void> {
    const { fleetPath, dataPath, port } = this.place;
    await startDaemon({ fleetPath, dataPath, port, progress: () => {} });
  }

  async services(): Promise<readonly ServiceView[]> {
    const services = await this.client.get<readonly ServiceView[]>("/api/v1/services");
    for (const { instances } of services) {
      for (const { pid } of instances) if (pid !== null) this.#seen.add(pid);
    }
    return services;
  }

  async service(name: string): Promise<ServiceView> {
    const found = (await this.services()).find((service) => service.name === name);
    if (found === undefined) throw new Error(`there is no service ${name}`);
    return found;
  }

  /** Until every instance is healthy and nothing is open. */
  async healthy(withinMs = 60_000): Promise<void> {
    for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 50) {
      const services = await this.services();
      const calm = services.every(
        ({ instances }) =>
          instances.length > 0 && instances.every(({ state }) => state === "healthy"),
      );
      if (calm) return;
      await pause(50);
    }
    const states = (await this.services()).map(({ name, state }) => `${name} ${state}`);
    throw new Error(`the fleet does not become healthy: ${states.join(", ")}`);
  }

  async journal(after = 0): Promise<readonly SealedEntry[]> {
    const entries: SealedEntry[] = [];
    for (let from = after; ; ) {
      const path = `/api/v1/journal?limit=${pageSize}&after=${from}`;
      const page = await this.client.get<readonly SealedEntry[]>(path);
      entries.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return entries;
      from = last.position;
    }
  }

  /** The last position, to read on from. */
  async position(): Promise<number> {
    return (await this.journal()).at(-1)?.position ?? 0;
  }

  /**
   * From here on the compiled code is in the cache, as it is at every start but the first of a
   * checkout; an installed package has nothing to strip.
   */
  async startAgain(): Promise<void> {
    await this.healthy();
    await this.down();
    await this.startDaemon();
    await this.healthy();
  }

  /** Stops the services and ends the daemon, in order. */
  async down(): Promise<void> {
    await this.services();
    const signal = AbortSignal.timeout(20_000);
    await stopServices(this.place, { progress: () => {}, signal });
    await endDaemon(livingDaemon(this.place.dataPath));
    this.#client?.close();
    this.#client = undefined;
  }

  /** Keeps G1. */
  async #close(): Promise<void> {
    try {
      await this.down();
    } catch {
      // The daemon is away or does not answer: everything below ends what is left, by its pid.
    }
    this.#client?.close();
    for (const pid of this.ownPids()) signalProcess(pid, "SIGKILL");
    for (const pid of this.#seen) {
      if (findProcesses("apps/app.js").includes(pid)) signalProcess(pid, "SIGKILL");
    }
  }
}
