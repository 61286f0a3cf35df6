/**
 * What people said may go: paths, each with all that lies below it, for a while. `vault accept
 * PATH` is said before the deed, or behind it as the answer to a question.
 *
 * A1. Each ends: without `--for` after ten minutes, never later than the longest time.
 * A2. A clock that went back before the moment in which it was said makes it void: it must not hold
 *     for longer than was said.
 * A3. At most so many at once; a new one for the same path takes the place of the old one.
 * A4. Written and read back they are the same; what cannot be read is refused, and holds nothing.
 */
import { failed, type Result, success } from "../../kernel/index.ts";
import type { RawPath } from "../raw-path.ts";
import { isInside } from "../select/is-inside.ts";

export interface Acceptance {
  /** Absolute, without a slash at its end. */
  readonly path: RawPath;
  /** Wall time; from `fromMs` on and before `untilMs`. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface AcceptanceLimits {
  readonly defaultForMs: number;
  readonly longestForMs: number;
  readonly acceptances: number;
}

const defaultAcceptanceLimits: AcceptanceLimits = {
  defaultForMs: 600_000,
  longestForMs: 30 * 86_400_000,
  acceptances: 1000,
};

export interface Acceptances {
  readonly living: readonly Acceptance[];
}

export const noAcceptances: Acceptances = { living: [] };

interface AcceptRequest {
  readonly path: RawPath;
  readonly nowMs: number;
  /** Of `--for`. */
  readonly forMs?: number;
}

/** Fails with a sentence when it is for too long, for no time, or one too many. */
export function accept(
  acceptances: Acceptances,
  { path, nowMs, forMs }: AcceptRequest,
  limits: AcceptanceLimits = defaultAcceptanceLimits,
): Result<Acceptances> {
  const lastsMs = forMs ?? limits.defaultForMs;
  if (!(lastsMs > 0 && lastsMs <= limits.longestForMs)) {
    return failed(`An acceptance lasts ${limits.longestForMs / 86_400_000} days at most.`);
  }
  const others = withoutExpired(acceptances, nowMs).living.filter((each) => each.path !== path);
  if (others.length >= limits.acceptances) {
    return failed(`There are ${others.length} acceptances already; accept a folder of them.`);
  }
  return success({ living: [...others, { path, fromMs: nowMs, untilMs: nowMs + lastsMs }] });
}

export function isAccepted(acceptances: Acceptances, path: RawPath, nowMs: number): boolean {
  return acceptances.living.some((each) => holds(each, nowMs) && isInside(path, each.path));
}

export function withoutExpired({ living }: Acceptances, nowMs: number): Acceptances {
  return { living: living.filter((each) => holds(each, nowMs)) };
}

/** One line of JSON. */
export function textOfAcceptances({ living }: Acceptances): string {
  return JSON.stringify({ acceptances: living });
}

export function acceptancesOfText(text: string): Result<Acceptances> {
  const read = parsed(text);
  if (read === undefined || !read.every(isAcceptance)) {
    return failed("These are no acceptances of a vault.");
  }
  return success({
    living: read.map(({ path, fromMs, untilMs }) => ({ path, fromMs, untilMs })),
  });
}

function holds({ fromMs, untilMs }: Acceptance, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}

function parsed(text: string): readonly unknown[] | undefined {
  try {
    const value = JSON.parse(text) as { readonly acceptances?: unknown } | null;
    return Array.isArray(value?.acceptances) ? value.acceptances : undefined;
  } catch {
    // No JSON: the caller says what it is not.
    return undefined;
  }
}

function isAcceptance(value: unknown): value is Acceptance {
  if (typeof value !== "object" || value === null) return false;
  const { path, fromMs, untilMs } = value as Partial<Record<keyof Acceptance, unknown>>;
  return (
    typeof path === "string" &&
    path.startsWith("/") &&
    Number.isFinite(fromMs) &&
    Number.isFinite(untilMs)
  );
}
