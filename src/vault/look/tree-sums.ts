/**
 * How much a folder of a snapshot holds, with all that is below it.
 *
 * S1. A folder is counted once: whatever snapshot has it unchanged at the same path, its sum is
 *     known. So the second of two snapshots costs what is different in it.
 * S2. A part that no location gives is told; the rest is counted.
 * S3. Sums are kept of `keptMax` folders, those that were counted last.
 */
import { Damage } from "../format/damage.ts";
import { joinRaw, type RawPath } from "../raw-path.ts";
import type { Session } from "../repository/session.ts";

export interface FolderSum {
  readonly files: number;
  readonly sizeBytes: number;
  /** Files by category. */
  readonly categories: ReadonlyMap<string, number>;
  /** False: something of it cannot be read (S2). */
  readonly isWhole: boolean;
}

export interface TreeSumsOptions {
  readonly categoriesOf: (path: RawPath) => readonly string[];
  /** Called for each folder; whoever counts lets others go on there. */
  readonly breathe: () => Promise<void>;
  /** Default 200,000. */
  readonly keptMax?: number;
}

export class TreeSums {
  readonly #options: TreeSumsOptions;
  readonly #kept = new Map<string, FolderSum>();

  constructor(options: TreeSumsOptions) {
    this.#options = options;
  }

  known(path: RawPath, tree: string): FolderSum | undefined {
    return this.#kept.get(`${tree}${path}`);
  }

  async of(session: Session, path: RawPath, tree: string): Promise<FolderSum> {
    const known = this.known(path, tree);
    if (known !== undefined) return known;
    const { signal, vault } = session;
    signal.throwIfAborted();
    await this.#options.breathe();
    const categories = new Map<string, number>();
    let [files, sizeBytes, isWhole] = [0, 0, true];
    try {
      for (const node of (await vault.trees.read(tree, signal)).nodes) {
        const at = joinRaw(path, node.name);
        if (node.kind === "dir") {
          const below = await this.of(session, at, node.subtree);
          files += below.files;
          sizeBytes += below.sizeBytes;
          isWhole &&= below.isWhole;
          for (const [name, count] of below.categories) addTo(categories, name, count);
          continue;
        }
        files += 1;
        if (node.kind === "file") sizeBytes += node.sizeBytes;
        for (const name of this.#options.categoriesOf(at)) addTo(categories, name, 1);
      }
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      isWhole = false;
    }
    const sum = { files, sizeBytes, categories, isWhole };
    this.#keep(`${tree}${path}`, sum);
    return sum;
  }

  #keep(key: string, sum: FolderSum): void {
    this.#kept.set(key, sum);
    const { keptMax = 200_000 } = this.#options;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptMax) return;
      this.#kept.delete(oldest);
    }
  }
}

function addTo(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
