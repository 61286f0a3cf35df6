/**
 * Has this machine itself a network? Kind `connectivity`: well when any of the declared references
 * accepts a connection. While none does, what is remote cannot be judged from here.
 */
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { Reading, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck, inMs } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { knock } from "./knock.ts";

const schema = z.object({ references: z.array(z.string().regex(/:\d+$/)).min(1) });

const parametersOf = sensorParameters("connectivity", schema);

export function createConnectivitySensor({ clock }: { readonly clock: Clock }): Sensor {
  return {
    kind: "connectivity",
    async read(request, signal): Promise<readonly Reading[]> {
      const { references } = parametersOf(request.spec.parameters);
      const begunMs = clock.now().monotonicMs;
      const knocks = references.map(async (reference) => {
        const trouble = await knock(addressOf(reference), signal);
        if (trouble !== undefined) throw new Error(`${reference}: ${trouble.reason}`);
        return reference;
      });
      const first = await Promise.any(knocks).catch(() => undefined);
      const elapsedMs = clock.now().monotonicMs - begunMs;
      if (first !== undefined) return [goodCheck(elapsedMs, `${first} accepts connections`)];
      const reason = `none of ${references.join(", ")} could be reached, ${inMs(elapsedMs)}`;
      return [badCheck(elapsedMs, { symptom: "timeout", reason })];
    },
  };
}

function addressOf(reference: string): { host: string; port: number } {
  const colon = reference.lastIndexOf(":");
  const host = reference.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(reference.slice(colon + 1)) };
}
