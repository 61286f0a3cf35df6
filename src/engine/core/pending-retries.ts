/**
 * Further attempts that are to come, of all operations of one engine: when it is closed none of
 * them begins any more, and whoever waits for one is answered at once.
 */
export class PendingRetries {
  readonly #ends = new Set<() => void>();
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** `end` answers the caller; what is returned is called when it is not needed any more. */
  add(end: () => void): () => void {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}
