const RANK = { pass: 0, warn: 1, fail: 2 };

/**
 * Runs the checks of a service and answers in the shape of `application/health+json`. A check is
 * `async () => ({ status, output? })`; one that throws has failed, with the error as its reason.
 */
export async function reportHealth(service, checks) {
  const results = {};
  let worst = "pass";
  for (const [name, check] of Object.entries(checks)) {
    const result = await runCheck(check);
    results[name] = [{ ...result, time: new Date().toISOString() }];
    if (RANK[result.status] > RANK[worst]) worst = result.status;
  }
  const body = { status: worst, serviceId: service, checks: results };
  return { status: worst === "fail" ? 503 : 200, type: "application/health+json", body };
}

async function runCheck(check) {
  try {
    return await check();
  } catch (error) {
    return { status: "fail", output: error.message };
  }
}

/** A check for services with a queue: full is a failure, four fifths full is a warning. */
export function queueCheck(queue, limit) {
  return async () => {
    const observed = { observedValue: queue.unfinished, observedUnit: "jobs" };
    if (queue.isFull) return { status: "fail", output: "the queue is full", ...observed };
    return { status: queue.unfinished * 5 >= limit * 4 ? "warn" : "pass", ...observed };
  };
}
