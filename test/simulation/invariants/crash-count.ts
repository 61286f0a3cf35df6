import type { Entry, ProcessExit, ProcessRun, ResourceId } from "../../../src/model/index.ts";
import { isOf } from "./setting.ts";

/** Exits in a row without a healthy run, of each instance, counted from the journal alone. */
export class CrashCount {
  readonly #counts = new Map<ResourceId, number>();
  /** Specs under which an instance was started once. */
  readonly #known = new Set<string>();
  readonly #healthyRunMs: number;

  constructor(healthyRunMs: number) {
    this.#healthyRunMs = healthyRunMs;
  }

  of(resource: ResourceId): number {
    return this.#counts.get(resource) ?? 0;
  }

  hear(entry: Entry): void {
    if (entry.kind === "process_started") this.#noteStart(entry.run);
    else if (entry.kind === "process_exited") this.#noteExit(entry.exit);
    else if (entry.kind === "request" && entry.what !== "stop") this.#forget(entry.resource);
  }

  /** A new spec has crashed never yet; one that was gone back to may have. */
  #noteStart({ resource, specHash }: ProcessRun): void {
    const known = `${resource}|${specHash}`;
    if (!this.#known.has(known)) this.#counts.delete(resource);
    this.#known.add(known);
  }

  #noteExit({ resource, expected, uptimeMs }: ProcessExit): void {
    if (uptimeMs >= this.#healthyRunMs) this.#counts.delete(resource);
    else if (!expected) this.#counts.set(resource, this.of(resource) + 1);
  }

  #forget(asked: ResourceId | undefined): void {
    for (const resource of this.#counts.keys()) {
      if (asked !== undefined && isOf(asked, resource)) this.#counts.delete(resource);
    }
  }
}
