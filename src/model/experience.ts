/**
 * What has worked before on the same signature? Verdicts are counted per signature and strategy
 * and fade with a half-life, so that last year's luck does not outweigh yesterday's failures.
 *
 * The score is the mean of a Beta(1, 1) prior updated with the faded counts: 0.5 when nothing is
 * known, near 1 or 0 only after several verdicts (Laplace's rule of succession).
 */
export interface Experience {
  readonly helped: number;
  readonly failed: number;
  /** Wall milliseconds of the last verdict. */
  readonly at: number;
}

export type ExperienceBook = Map<string, Experience>;

const halfLifeMs = 14 * 86_400_000;
const entriesMax = 10_000;

export function recordVerdict(
  book: ExperienceBook,
  key: { readonly signature: string; readonly strategy: string },
  verdict: { readonly healed: boolean; readonly at: number },
): void {
  const name = keyOf(key);
  const before = faded(book.get(name), verdict.at);
  book.delete(name);
  book.set(name, {
    helped: before.helped + (verdict.healed ? 1 : 0),
    failed: before.failed + (verdict.healed ? 0 : 1),
    at: verdict.at,
  });
  const oldest = book.keys().next().value;
  if (book.size > entriesMax && oldest !== undefined) book.delete(oldest);
}

/** How sure it is that the strategy helps (`score`), and how much is known (`weight`). */
export function scoreOf(
  book: ExperienceBook,
  key: { readonly signature: string; readonly strategy: string },
  at: number,
): { readonly score: number; readonly weight: number } {
  const { helped, failed } = faded(book.get(keyOf(key)), at);
  return { score: (helped + 1) / (helped + failed + 2), weight: helped + failed };
}

function faded(experience: Experience | undefined, at: number): { helped: number; failed: number } {
  if (experience === undefined) return { helped: 0, failed: 0 };
  const share = 0.5 ** (Math.max(0, at - experience.at) / halfLifeMs);
  return { helped: experience.helped * share, failed: experience.failed * share };
}

function keyOf(key: { readonly signature: string; readonly strategy: string }): string {
  return `${key.signature}|${key.strategy}`;
}
