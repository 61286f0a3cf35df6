import type { ProcessIdentity } from "../model/index.ts";
import { processIdentity } from "../system/index.ts";

/** Of a process that was there a moment ago; throws when it has gone. */
export function identityOf(pid: number): ProcessIdentity {
  const identity = processIdentity(pid);
  if (identity === undefined) throw new Error(`pid ${pid} has gone`);
  return identity;
}
