/**
 * Looks at the front proxy: does it live, does it answer, does it listen where it should? A port
 * that it cannot have is told with its holder.
 */
import type { Clock } from "../../kernel/index.ts";
import type { Reading, RouteReport, Sensor } from "../../model/index.ts";
import { portHolder } from "../../system/index.ts";
import type { ProxyKeeper } from "./keeper.ts";

/** Most looks only ask the kernel whether the process lives; every so manieth asks the proxy. */
const askEvery = 5;

export function proxySensor(keeper: ProxyKeeper, clock: Clock): Sensor {
  let looks = 0;
  return {
    kind: "proxy",
    async read(): Promise<readonly Reading[]> {
      const begunMs = clock.now().monotonicMs;
      const check = (ok: boolean, symptom: "refused" | "timeout", reason: string): Reading => {
        const elapsedMs = clock.now().monotonicMs - begunMs;
        return ok
          ? { kind: "check", ok, elapsedMs, reason }
          : { kind: "check", ok, elapsedMs, symptom, reason };
      };
      if (keeper.isBeingReplaced) return [];
      if (keeper.process === undefined) {
        return [check(false, "refused", "the front proxy is gone")];
      }
      looks += 1;
      if (looks % askEvery !== 0) return [];
      let reports: readonly RouteReport[];
      try {
        reports = await keeper.router.reports();
      } catch {
        // That it does not answer is the finding.
        return [check(false, "timeout", "the front proxy does not answer on its socket")];
      }
      const deaf = reports.find((report) => !report.listening);
      if (deaf?.listenError === undefined) return [check(true, "refused", "it answers")];
      return [await held(deaf.listenError)];
    },
  };
}

/**
 * `listenError` is Node's, for example "listen EADDRINUSE: address already in use 127.0.0.1:4102".
 */
async function held(listenError: string): Promise<Reading> {
  const port = Number(/:(\d+)$/.exec(listenError)?.[1] ?? 0);
  const holder = portHolder("127.0.0.1", port);
  return holder ? { kind: "port-held", port, holder } : { kind: "port-held", port };
}
