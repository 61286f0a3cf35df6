/** Does a port accept connections? Kind `tcp`. Nothing is sent, and the connection is closed. */
import { connect } from "node:net";
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { AbortSignalLike, Reading, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck, inMs, type Trouble, troubleOf } from "../check-reading.ts";
import { resolveHost } from "../resolve-host.ts";
import { sensorParameters } from "../sensor-parameters.ts";

const schema = z.object({
  host: z.string().min(1).default("127.0.0.1"),
  /** Default: the port of the instance. */
  port: z.int().min(1).max(65_535).optional(),
});

const parametersOf = sensorParameters("tcp", schema);

export function createTcpSensor({ clock }: { readonly clock: Clock }): Sensor {
  return {
    kind: "tcp",
    async read(request, signal): Promise<readonly Reading[]> {
      const { host, port = request.port } = parametersOf(request.spec.parameters);
      if (port === undefined) throw new Error("there is neither a port nor an instance with one");
      const begunMs = clock.now().monotonicMs;
      const trouble = await knock({ host, port }, signal);
      const elapsedMs = clock.now().monotonicMs - begunMs;
      const name = `tcp ${host}:${port}`;
      if (trouble === undefined) return [goodCheck(elapsedMs, `${name} accepts connections`)];
      const { symptom, reason } = trouble;
      return [badCheck(elapsedMs, { symptom, reason: `${name}, ${inMs(elapsedMs)}: ${reason}` })];
    },
  };
}

function knock(
  address: { readonly host: string; readonly port: number },
  signal: AbortSignalLike,
): Promise<Trouble | undefined> {
  return new Promise((resolve) => {
    const settle = (trouble?: Trouble): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(trouble);
    };
    const abort = (): void => settle({ symptom: "timeout", reason: "no connection came about" });
    const socket = connect({ ...address, lookup: resolveHost });
    socket.on("error", (error) => settle(troubleOf(error)));
    socket.once("connect", () => settle());
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}
