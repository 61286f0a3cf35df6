/**
 * What was acquired is released in reverse, whether the start failed half-way or the daemon stops.
 * A release that fails is told and does not keep the others from being released.
 */
export class Teardown {
  readonly #releases: { readonly what: string; readonly release: () => unknown }[] = [];
  readonly #complain: (what: string, error: unknown) => void;

  constructor(complain: (what: string, error: unknown) => void) {
    this.#complain = complain;
  }

  /** To be called right after the acquisition. */
  add(what: string, release: () => unknown): void {
    this.#releases.push({ what, release });
  }

  async run(): Promise<void> {
    for (let each = this.#releases.pop(); each !== undefined; each = this.#releases.pop()) {
      try {
        await each.release();
      } catch (error) {
        this.#complain(`${each.what} was not released`, error);
      }
    }
  }
}
