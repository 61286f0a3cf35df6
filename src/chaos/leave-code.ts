/** A fault made of code that is left inside one process of a service, until that process ends. */
import type { Injection, Scene } from "./fault.ts";
import { injectCode } from "./inject-code.ts";
import { pickProcess } from "./pick-process.ts";
import { strike } from "./strike.ts";

export interface LeftCode {
  readonly service: string;
  readonly what: string;
  /** Statements; see `injectCode`. */
  readonly code: string;
  /** It takes itself away: the process may live on. */
  readonly passes?: boolean;
}

export async function leaveCode(scene: Scene, options: LeftCode): Promise<Injection> {
  const { service, what, code, passes = false } = options;
  const { process } = await pickProcess(scene, service);
  return strike(scene, {
    undo: passes ? [] : [{ kind: "signal", process, signal: "SIGKILL" }],
    async land() {
      const { at } = await injectCode(process, { left: code }, scene.clock);
      return { what: `${what} in pid ${process.pid}`, at };
    },
  });
}
