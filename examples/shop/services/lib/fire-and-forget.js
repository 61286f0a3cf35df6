/**
 * Starts a long-running task that nobody waits for and resolves when it has ended.
 *
 * KNOWN BUG, KEPT ON PURPOSE: the failure of the task vanishes here. It was written for tasks that
 * "cannot fail", and so a worker loop that does fail ends without a log line, an exit or a bad
 * health answer. Such bugs are common and a port or health check cannot see them; the README says
 * how to provoke it.
 */
export function fireAndForget(task) {
  return task().catch(() => {});
}
