import type { HeldSnapshot, RawPath } from "../../../vault/index.ts";

/** What somebody has marked, by snapshot: a restore is of one. */
export class Marks {
  readonly #paths = new Map<string, Set<RawPath>>();

  of({ id }: HeldSnapshot): readonly RawPath[] {
    return [...(this.#paths.get(id) ?? [])];
  }

  has({ id }: HeldSnapshot, path: RawPath): boolean {
    return this.#paths.get(id)?.has(path) === true;
  }

  toggle({ id }: HeldSnapshot, path: RawPath): void {
    const paths = this.#paths.get(id) ?? new Set();
    if (!paths.delete(path)) paths.add(path);
    this.#paths.set(id, paths);
  }

  clear({ id }: HeldSnapshot): void {
    this.#paths.delete(id);
  }
}
