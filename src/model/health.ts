/** What a resource is believed to be in, by its last judged observations. */
export type Health = "unknown" | "healthy" | "degraded" | "unhealthy";

const rank: Readonly<Record<Health, number>> = {
  healthy: 0,
  unknown: 1,
  degraded: 2,
  unhealthy: 3,
};

/** The worst wins; nothing at all is unknown. */
export function worstOf(healths: Iterable<Health>): Health {
  let worst: Health | undefined;
  for (const health of healths) {
    if (worst === undefined || rank[health] > rank[worst]) worst = health;
  }
  return worst ?? "unknown";
}
