/** Does a port accept connections? Kind `tcp`. Nothing is sent, and the connection is closed. */
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { Reading, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck, inMs } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { knock } from "./knock.ts";

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
      const { trouble } = await knock({ host, port }, signal);
      const elapsedMs = clock.now().monotonicMs - begunMs;
      const name = `tcp ${host}:${port}`;
      if (trouble === undefined) return [goodCheck(elapsedMs, `${name} accepts connections`)];
      const { symptom, reason } = trouble;
      return [badCheck(elapsedMs, { symptom, reason: `${name}, ${inMs(elapsedMs)}: ${reason}` })];
    },
  };
}
