/**
 * The dumps of a vault's databases, as part of what its agent protects.
 *
 * D1. They are taken on the schedule and not for every change; in between, the last ones stand.
 *     What streams received is another part of the vault's own folder, and comes and goes by
 *     itself.
 * D2. A database of which there is a dump is left out itself, for a copy of it may be torn.
 */
import { dirname } from "node:path";
import { isInside, type RawPath, rawPathOfText } from "../../vault/index.ts";
import { dumpFolder } from "../dumps/dump-files.ts";
import { type DumpNote, readDumpNotes } from "../dumps/dump-notes.ts";
import { dumpedPaths, heldDumps, takeDumps } from "../dumps/take-dumps.ts";
import { ownSources } from "../own-sources.ts";
import type { AgentWorld } from "./agent-world.ts";

export class Dumps {
  readonly #world: AgentWorld;
  /** What of the vault's own folder is protected as well. */
  readonly #own: readonly RawPath[];
  readonly #folder: RawPath | undefined;
  #dumped: ReadonlySet<RawPath> = new Set();
  #notes: readonly DumpNote[] = [];

  constructor(world: AgentWorld) {
    this.#world = world;
    this.#own = ownSources(world.vaultFolder, world).map(rawPathOfText);
    if (Object.keys(world.dumps).length === 0) return;
    const folder = dumpFolder(world.vaultFolder);
    this.#folder = rawPathOfText(folder);
    this.#dumped = dumpedPaths(world.dumps, heldDumps(world.dumps, folder));
  }

  /** What a snapshot is made of. */
  get sources(): readonly RawPath[] {
    return [...this.#world.sources, ...this.#own];
  }

  /** Of the last time that they were taken. */
  get notes(): readonly DumpNote[] {
    return this.#notes;
  }

  /** What the last process knew of them, or what a person has accepted meanwhile. */
  async recall(): Promise<void> {
    if (this.#folder === undefined) return;
    this.#notes = await readDumpNotes(this.#world.vaultFolder);
  }

  isExcluded(path: RawPath, isFolder: boolean): boolean {
    if (this.#dumped.has(path)) return true;
    // It lies in the data directory, of which nothing else is protected.
    if (this.#own.some((folder) => isInside(path, folder))) return false;
    return this.#world.isExcluded(path, isFolder);
  }

  /** @returns folders that have changed by it */
  async take(signal: AbortSignal): Promise<readonly RawPath[]> {
    const { dumps, vaultFolder } = this.#world;
    if (this.#folder === undefined) return [];
    const { notes, outcomes } = await takeDumps(dumps, vaultFolder, signal);
    const taken = outcomes.flatMap(({ isTaken, name }) => (isTaken ? [name] : []));
    this.#dumped = dumpedPaths(dumps, taken);
    this.#notes = notes;
    const beside = new Set([...this.#dumped].map((path) => dirname(path) as RawPath));
    return [this.#folder, ...beside];
  }
}
