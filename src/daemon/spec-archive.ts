/**
 * Every service specification that a process was started with, by its hash: a process runs on with
 * the one it has, and a rollback needs the last good one.
 *
 * A1. On the disk is what a process runs with, and no secret: of those there is where they are
 *     kept, and they are read there again. How it is asked and healed comes from the fleet of the
 *     moment.
 * A2. Files are private all the same: what people write into `env` themselves is in them.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Fleet, readSecret, type SecretPlaces, type ServiceSpec } from "../config/index.ts";
import { writeDurably } from "../system/index.ts";

/** What it means when `keep` rejects. */
export const specsNotKept = "the next daemon will not know what the services were started with";

const keptMax = 500;
const format = 2;

interface StoredSpec {
  readonly format?: number;
  readonly spec: ServiceSpec;
}

export class SpecArchive {
  readonly #folder: string;
  readonly #places: SecretPlaces;
  readonly #specs = new Map<string, ServiceSpec>();
  /** What the disk refused is written with the next fleet. */
  readonly #onDisk = new Set<string>();
  #fleet: Fleet | undefined;

  constructor(folder: string, places: SecretPlaces) {
    this.#folder = folder;
    this.#places = places;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) this.#read(name);
  }

  specOf(hash: string): ServiceSpec | undefined {
    const archived = this.#specs.get(hash);
    if (archived === undefined) return undefined;
    const present = this.#fleet?.services[archived.name];
    if (present === undefined) return this.#withSecrets(archived);
    return present.hash === hash ? present : this.#withSecrets(overlaid(archived, present));
  }

  /**
   * Keeps the specs of a fleet; the newest description of a hash wins. Rejects when the disk does
   * not take one: they are known to this daemon all the same.
   */
  async keep(fleet: Fleet): Promise<void> {
    this.#fleet = fleet;
    const specs = Object.values(fleet.services);
    const fresh = specs.filter(({ hash }) => !this.#onDisk.has(hash));
    // All are known before the disk may refuse one.
    for (const spec of specs) this.#specs.set(spec.hash, storable(spec));
    for (const { hash } of fresh) await this.#write(hash);
    this.#forgetOldest(new Set(Object.values(fleet.services).map(({ hash }) => hash)));
  }

  async #write(hash: string): Promise<void> {
    const spec = this.#specs.get(hash);
    await writeDurably(this.#pathOf(hash), JSON.stringify({ format, spec }), { mode: 0o600 });
    this.#onDisk.add(hash);
  }

  /** What cannot be read any more is left out: the process then says what it misses. */
  #withSecrets(spec: ServiceSpec): ServiceSpec {
    const env: Record<string, string> = { ...spec.env };
    for (const [name, source] of Object.entries(spec.secrets ?? {})) {
      const found = readSecret(source, this.#places);
      if (found.ok) env[name] = found.value;
    }
    return { ...spec, env };
  }

  #read(name: string): void {
    if (!name.endsWith(".json")) return;
    const path = join(this.#folder, name);
    try {
      const stored = JSON.parse(readFileSync(path, "utf8")) as StoredSpec;
      // Files of the first format hold secrets; what is in force is written anew.
      if (stored.format === format) {
        this.#specs.set(stored.spec.hash, stored.spec);
        this.#onDisk.add(stored.spec.hash);
      } else rmSync(path, { force: true });
    } catch {
      // A torn file is a spec that cannot be rolled back to; the fleet file has the present one.
      rmSync(path, { force: true });
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
      this.#onDisk.delete(hash);
      rmSync(this.#pathOf(hash), { force: true });
    }
  }

  #pathOf(hash: string): string {
    return join(this.#folder, `${hash}.json`);
  }
}

/** Keeps A1: probes, work and hooks may hold secrets in addresses, headers and bodies. */
function storable(spec: ServiceSpec): ServiceSpec {
  const { startup: _startup, readiness: _readiness, liveness: _liveness, ...rest } = spec;
  const secrets = new Set(Object.keys(spec.secrets ?? {}));
  const env = Object.fromEntries(Object.entries(spec.env).filter(([name]) => !secrets.has(name)));
  const hooks = { commands: {}, webhooks: {}, clean: [], rotate: [] };
  return { ...rest, env, work: [], hooks };
}

/** What the hash is over from the archive, all else as it is now. */
function overlaid(archived: ServiceSpec, present: ServiceSpec): ServiceSpec {
  const { secrets: _s, user: _u, group: _g, listen: _l, ...rest } = present;
  const { command, cwd, env, secrets, user, group, listen, limits, hash } = archived;
  return {
    ...rest,
    command,
    cwd,
    env,
    limits,
    hash,
    ...(secrets === undefined ? {} : { secrets }),
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(listen === undefined ? {} : { listen }),
  };
}
