/**
 * Every service specification that a process was started with, by its hash: a process runs on with
 * the one it has, and a rollback needs the last good one. Files are private, because what people
 * put into `env` is in them.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Fleet, ServiceSpec } from "../config/index.ts";
import { writeDurably } from "../system/index.ts";

const keptMax = 500;

export class SpecArchive {
  readonly #folder: string;
  readonly #specs = new Map<string, ServiceSpec>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) this.#read(name);
  }

  specOf(hash: string): ServiceSpec | undefined {
    return this.#specs.get(hash);
  }

  /** Keeps the specs of a fleet; the newest description of a hash wins. */
  async keep(fleet: Fleet): Promise<void> {
    for (const spec of Object.values(fleet.services)) {
      const isNew = !this.#specs.has(spec.hash);
      this.#specs.set(spec.hash, spec);
      if (isNew) await writeDurably(this.#pathOf(spec.hash), JSON.stringify(spec), { mode: 0o600 });
    }
    this.#forgetOldest(new Set(Object.values(fleet.services).map(({ hash }) => hash)));
  }

  #read(name: string): void {
    if (!name.endsWith(".json")) return;
    try {
      const spec = JSON.parse(readFileSync(join(this.#folder, name), "utf8")) as ServiceSpec;
      this.#specs.set(spec.hash, spec);
    } catch {
      // A torn file is a spec that cannot be rolled back to; the fleet file has the present one.
      rmSync(join(this.#folder, name), { force: true });
    }
  }

  #forgetOldest(inUse: ReadonlySet<string>): void {
    if (this.#specs.size <= keptMax) return;
    const byAge = [...this.#specs.keys()]
      .filter((hash) => !inUse.has(hash))
      .map((hash) => ({
        hash,
        age: statSync(this.#pathOf(hash), { throwIfNoEntry: false })?.mtimeMs ?? 0,
      }))
      .sort((a, b) => a.age - b.age);
    for (const { hash } of byAge.slice(0, this.#specs.size - keptMax)) {
      this.#specs.delete(hash);
      rmSync(this.#pathOf(hash), { force: true });
    }
  }

  #pathOf(hash: string): string {
    return join(this.#folder, `${hash}.json`);
  }
}
