/**
 * Has this machine itself a network? Kind `connectivity`: well when any of the declared references
 * answers, be it with a refusal; without references, when its own links, routes and gateway are
 * well. While it is not, what is remote cannot be judged from here.
 */
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { AbortSignalLike, Reading, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck, inMs } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { knock } from "./knock.ts";
import { type KernelRoots, whyCutOff } from "./own-links.ts";

const schema = z.object({ references: z.array(z.string().regex(/:\d+$/)) });

const parametersOf = sensorParameters("connectivity", schema);

export interface ConnectivityOptions {
  readonly clock: Clock;
  /** Default: those of the running kernel. */
  readonly roots?: KernelRoots;
}

export function createConnectivitySensor({ clock, roots }: ConnectivityOptions): Sensor {
  return {
    kind: "connectivity",
    async read(request, signal): Promise<readonly Reading[]> {
      const { references } = parametersOf(request.spec.parameters);
      const begunMs = clock.now().monotonicMs;
      const first = await firstToAnswer(references, signal);
      const elapsedMs = clock.now().monotonicMs - begunMs;
      if (first !== undefined) return [goodCheck(elapsedMs, `${first} answers`)];
      const cutOff = whyCutOff(roots);
      const own = cutOff === undefined ? [] : [`this machine is cut off: ${cutOff}`];
      if (references.length === 0 && cutOff === undefined) {
        return [goodCheck(elapsedMs, "the links of this machine are up")];
      }
      const asked = references.length === 0 ? [] : [`none of ${references.join(", ")} answers`];
      const reason = [...asked, ...own].join("; ");
      return [badCheck(elapsedMs, { symptom: "timeout", reason: `${reason}, ${inMs(elapsedMs)}` })];
    },
  };
}

async function firstToAnswer(
  references: readonly string[],
  signal: AbortSignalLike,
): Promise<string | undefined> {
  const knocks = references.map(async (reference) => {
    const { answered } = await knock(addressOf(reference), signal);
    if (!answered) throw new Error(reference);
    return reference;
  });
  return Promise.any(knocks).catch(() => undefined);
}

function addressOf(reference: string): { host: string; port: number } {
  const colon = reference.lastIndexOf(":");
  const host = reference.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(reference.slice(colon + 1)) };
}
