// What the ledger says about a fault and its healing: pure functions over its lines. A request
// belongs to the moment it was sent (`at`), an answer to the moment it arrived (`endedAt`).

/** Figures of the requests sent in [fromMs, toMs). Without `services`: of all of them. */
export function countRequests(
  lines,
  { fromMs = 0, toMs = Number.POSITIVE_INFINITY, services } = {},
) {
  const figures = { requests: 0, failed: 0, failedIdempotent: 0, slowestMs: 0, errors: {} };
  for (const line of lines) {
    if (line.at < fromMs || line.at >= toMs || !isOf(line, services)) continue;
    figures.requests += 1;
    figures.slowestMs = Math.max(figures.slowestMs, line.ms);
    if (line.ok) continue;
    figures.failed += 1;
    if (line.idempotent) figures.failedIdempotent += 1;
    const kind = `${line.service}: ${line.error}`;
    figures.errors[kind] = (figures.errors[kind] ?? 0) + 1;
  }
  return figures;
}

/** For each service, when its first good answer to a request sent after `sinceMs` arrived. */
export function firstGoodAnswers(lines, sinceMs) {
  const first = {};
  for (const { at, ok, service, endedAt } of lines) {
    if (ok && at >= sinceMs && !(first[service] <= endedAt)) first[service] = endedAt;
  }
  return first;
}

/**
 * When a fault was healed: the first good answer after the last failure, once it has opened a clean
 * window of `windowMs` in which every request to these services was answered well. Verdicts:
 * `unharmed` (no request after the fault failed), `healed`, and `open` (not yet, or not at all).
 * A window counts when it is over and its last request has had time to fail (`settleMs`). Silent
 * faults are felt late (work is due 5 s after its acceptance), so choose windows longer than that.
 */
export function judgeHealing(lines, options) {
  const { faultAtMs, nowMs, windowMs, settleMs = 2_500, services } = options;
  const since = lines
    .filter((line) => line.at >= faultAtMs && line.at < nowMs && isOf(line, services))
    .toSorted((a, b) => a.at - b.at);
  const lastFailure = since.findLast((line) => !line.ok);
  const failures = since.filter((line) => !line.ok).length;
  const opening = since.find((line) => line.ok && line.at > (lastFailure?.at ?? 0));
  if (opening === undefined) return { kind: "open", failures, reason: "no good answer yet" };
  if (opening.at + windowMs + settleMs > nowMs) {
    return { kind: "open", failures, reason: "the clean window is not over" };
  }
  if (failures === 0) return { kind: "unharmed", firstGoodAtMs: opening.endedAt };
  const afterMs = opening.endedAt - faultAtMs;
  return { kind: "healed", failures, healedAtMs: opening.endedAt, afterMs };
}

function isOf({ service }, services) {
  return services === undefined || services.includes(service);
}
