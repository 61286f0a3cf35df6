/**
 * A drill at one location: a real restore of what only this location gives, read back from the disk
 * and compared.
 *
 * D3. Nothing comes from another location: what this one cannot give is a finding.
 * D4. What counts is what lies on the disk afterwards: it is read back, and each chunk has to have
 *     the hash that the snapshot names. Whoever wrote it is not believed.
 * D5. A live file that has the size and the times that the snapshot says has to have the same
 *     bytes: this finds a backup that was wrong from the beginning, and rot of the source.
 * D6. With too many findings it ends: the location is broken, and that is known.
 */
import { contentLength } from "../format/blob.ts";
import { Damage } from "../format/damage.ts";
import { hexOfId, idOfHex } from "../format/ids.ts";
import type { FileNode } from "../format/tree-node.ts";
import type { LocationFault } from "../location.ts";
import { createManifest } from "../proof/manifest.ts";
import { type RawPath, textOfRawPath } from "../raw-path.ts";
import { BlobReader } from "../repository/blob-reader.ts";
import type { Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import type { HeldSnapshot } from "../repository/snapshots.ts";
import { TreeReader } from "../repository/tree-reader.ts";
import type { SourceEntry } from "../tree-source.ts";
import type { OnProgress, WorkProgress } from "../work-progress.ts";
import {
  compareWithChunks,
  countDiffering,
  type ExpectedChunk,
  type ReadBack,
} from "./compare-content.ts";
import type { DrillStage, Scratch } from "./drill-ports.ts";
import {
  addTo,
  createFilePicker,
  type DrillBudget,
  defaultDrillBudget,
  emptySums,
  type FilePicker,
} from "./pick-files.ts";
import { walkSnapshot } from "./walk-snapshot.ts";

export interface DrillOptions {
  readonly snapshot: HeldSnapshot;
  readonly stage: DrillStage;
  /** Category of an absolute path; empty: none. */
  readonly categoryOf: (path: RawPath) => string;
  readonly budget?: DrillBudget;
  readonly findingsMax?: number;
  readonly onProgress?: OnProgress;
}

export interface DrillFinding {
  /**
   * `missing`: it could not be restored; `differs`: what was restored is not what the snapshot
   * says; `source-differs`: it is, and the source has other bytes although nothing changed it.
   */
  readonly kind: "missing" | "differs" | "source-differs";
  readonly path: string;
  readonly differingBytes: number;
  readonly reason: string;
}

export interface DrillOutcome {
  readonly location: string;
  readonly snapshot: string;
  /** Wall milliseconds. */
  readonly snapshotAt: number;
  readonly tree: string;
  readonly sources: readonly string[];
  readonly scope: "whole" | "part";
  /** What was restored and compared. */
  readonly files: number;
  readonly sizeBytes: number;
  /** Files that were compared with an unchanged source as well. */
  readonly comparedFiles: number;
  readonly differing: number;
  readonly missing: number;
  readonly differingBytes: number;
  readonly findings: readonly DrillFinding[];
  /** Hash of the manifest of what was restored. */
  readonly manifest: string;
  readonly elapsedMs: number;
}

interface Restored {
  readonly path: RawPath;
  readonly node: FileNode;
  readonly chunks: readonly ExpectedChunk[];
}

/** @throws LocationFault when the place goes away: then nothing is said of what it holds */
export async function drillAt(
  session: Session,
  place: Place,
  options: DrillOptions,
): Promise<DrillOutcome> {
  const { clock } = session.vault.surroundings;
  const begunMs = clock.now().monotonicMs;
  const run = new Run(session, place, options);
  const picker = await run.choose();
  await using scratch = await options.stage.prepare();
  const restored = await run.restore(picker, scratch);
  const compared = await run.compare(restored, scratch);
  const { snapshot } = options;
  const { findings } = run;
  const count = (isMeant: (kind: DrillFinding["kind"]) => boolean): number =>
    findings.filter(({ kind }) => isMeant(kind)).length;
  return {
    location: place.name,
    snapshot: snapshot.id,
    snapshotAt: Number(snapshot.timeNs / 1_000_000n),
    tree: snapshot.tree,
    sources: snapshot.paths,
    scope: picker.scope,
    ...compared,
    differing: count((kind) => kind !== "missing"),
    missing: count((kind) => kind === "missing"),
    differingBytes: findings.reduce((sum, each) => sum + each.differingBytes, 0),
    findings,
    elapsedMs: Math.round(clock.now().monotonicMs - begunMs),
  };
}

class Run {
  readonly findings: DrillFinding[] = [];
  readonly #session: Session;
  readonly #place: Place;
  readonly #options: DrillOptions;
  readonly #reader: BlobReader;
  readonly #trees: TreeReader;

  constructor(session: Session, place: Place, options: DrillOptions) {
    const { codec, index, reader } = session.vault;
    this.#session = session;
    this.#place = place;
    this.#options = options;
    const onDamage = reader.tell.bind(reader);
    const onAway = (fault: LocationFault): never => {
      throw fault;
    };
    this.#reader = new BlobReader({ places: [place], index, codec, onDamage, onAway });
    this.#trees = new TreeReader(this.#reader);
  }

  async choose(): Promise<FilePicker> {
    const { budget = defaultDrillBudget } = this.#options;
    const sums = emptySums();
    for await (const visit of this.#walk()) {
      if (visit.kind === "damaged" || visit.node.kind !== "file") continue;
      const { path, node } = visit;
      addTo(this.#isCritical(path) ? sums.critical : sums.rest, node.sizeBytes);
    }
    return createFilePicker(sums, budget, () => this.#chance());
  }

  async restore(picker: FilePicker, scratch: Scratch): Promise<readonly Restored[]> {
    const restored: Restored[] = [];
    const { files: expectedCount, sizeBytes: expectedBytes } = picker.expected;
    let [count, bytes] = [0, 0];
    for await (const visit of this.#walk()) {
      if (this.#isEnough()) break;
      this.#come("restoring", { count, expectedCount, bytes, expectedBytes });
      const { path } = visit;
      if (visit.kind === "damaged") {
        this.#missing(path, 0, visit.reason);
      } else if (visit.node.kind === "file") {
        const { node } = visit;
        const isCritical = this.#isCritical(path);
        if (!picker.picks({ sizeBytes: node.sizeBytes, isCritical })) continue;
        const chunks = await this.#restoreFile(path, node, scratch);
        count += 1;
        bytes += node.sizeBytes;
        if (chunks !== undefined) restored.push({ path, node, chunks });
      }
    }
    return restored;
  }

  async compare(
    restored: readonly Restored[],
    scratch: Scratch,
  ): Promise<Pick<DrillOutcome, "files" | "sizeBytes" | "comparedFiles" | "manifest">> {
    const manifest = createManifest();
    const expectedBytes = restored.reduce((sum, { node }) => sum + node.sizeBytes, 0);
    let [comparedFiles, bytes] = [0, 0];
    for (const [count, { chunks, node, path }] of restored.entries()) {
      this.#session.signal.throwIfAborted();
      this.#come("comparing", { count, expectedCount: restored.length, bytes, expectedBytes });
      bytes += node.sizeBytes;
      const read = await this.#readBack(path, chunks, scratch);
      if (read === undefined) continue;
      const { differingBytes, hash } = read;
      const { permissions: mode, sizeBytes } = node;
      manifest.add({ path, hash, sizeBytes, mode, category: this.#options.categoryOf(path) });
      if (differingBytes > 0) {
        const reason = "what was restored is not what the snapshot says";
        this.#find({ kind: "differs", path: textOfRawPath(path), differingBytes, reason });
      } else if (await this.#compareWithSource(path, node, scratch)) comparedFiles += 1;
    }
    const { files, hash, sizeBytes } = manifest.finish();
    return { files, sizeBytes, comparedFiles, manifest: hash };
  }

  #come(step: string, come: Omit<WorkProgress, "step" | "unit">): void {
    this.#options.onProgress?.({ step, unit: "file", ...come });
  }

  #walk(): ReturnType<typeof walkSnapshot> {
    return walkSnapshot(this.#trees, this.#options.snapshot.tree, this.#session.signal);
  }

  /** @returns what has to lie on the disk now; undefined: it could not be restored */
  async #restoreFile(
    path: RawPath,
    node: FileNode,
    scratch: Scratch,
  ): Promise<readonly ExpectedChunk[] | undefined> {
    try {
      const chunks = node.content.map((id) => this.#expected(id));
      const reason = await scratch.file(path, node, this.#content(node));
      if (reason === undefined) return chunks;
      this.#missing(path, node.sizeBytes, reason);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      this.#missing(path, node.sizeBytes, error.message);
    }
    return undefined;
  }

  async *#content(node: FileNode): AsyncGenerator<Uint8Array> {
    for (const id of node.content) {
      yield await this.#reader.read(idOfHex(id), "data", this.#session.signal);
    }
  }

  #expected(id: string): ExpectedChunk {
    for (const found of this.#session.vault.index.find(idOfHex(id), "data")) {
      if ((found.locations & this.#place.bit) !== 0) return { id, sizeBytes: contentLength(found) };
    }
    throw new Damage(`no index of ${this.#place.name} names the blob ${id}`);
  }

  async #readBack(
    path: RawPath,
    chunks: readonly ExpectedChunk[],
    scratch: Scratch,
  ): Promise<ReadBack | undefined> {
    try {
      return await compareWithChunks(scratch.read(path), chunks);
    } catch (error) {
      const sizeBytes = chunks.reduce((sum, each) => sum + each.sizeBytes, 0);
      this.#missing(path, sizeBytes, `it cannot be read back: ${String(error)}`);
      return undefined;
    }
  }

  /** D5. @returns whether there was something to compare with */
  async #compareWithSource(path: RawPath, node: FileNode, scratch: Scratch): Promise<boolean> {
    const { stage } = this.#options;
    if (!isUnchanged(stage.look(path), node)) return false;
    let differingBytes: number;
    try {
      differingBytes = await countDiffering(scratch.read(path), stage.readLive(path));
    } catch {
      // Somebody took it away, or its disk gives errors: that is for a backup to tell.
      return false;
    }
    // Who was changed meanwhile says nothing.
    if (!isUnchanged(stage.look(path), node)) return false;
    if (differingBytes === 0) return true;
    const reason = "the source has other bytes, with the same size and times";
    this.#find({ kind: "source-differs", path: textOfRawPath(path), differingBytes, reason });
    return true;
  }

  #isCritical(path: RawPath): boolean {
    return this.#options.categoryOf(path) === "critical";
  }

  #missing(path: RawPath, differingBytes: number, reason: string): void {
    this.#find({ kind: "missing", path: textOfRawPath(path), differingBytes, reason });
  }

  #find(finding: DrillFinding): void {
    if (!this.#isEnough()) this.findings.push(finding);
  }

  #isEnough(): boolean {
    return this.findings.length >= (this.#options.findingsMax ?? 100);
  }

  /** As good as the bytes of chance that are handed in. */
  #chance(): number {
    const bytes = this.#session.vault.surroundings.randomBytes(4);
    return Number.parseInt(hexOfId(bytes), 16) / 2 ** 32;
  }
}

function isUnchanged(live: SourceEntry | undefined, node: FileNode): boolean {
  return (
    live?.kind === "file" &&
    live.sizeBytes === node.sizeBytes &&
    live.mtimeNs === node.mtimeNs &&
    live.ctimeNs === node.ctimeNs
  );
}
