/**
 * A dead-man switch: somebody must report at least every so often. Kind `heartbeat`.
 *
 * H1. Silence is stale after `everyMs` + `graceMs`.
 * H2. While nobody listened (the daemon was down, the look is new) nobody could report: after the
 *     first look there is time for one beat, at most `patienceMs`, whatever was heard before.
 */
import { z } from "zod";
import { type Clock, formatDuration } from "../../kernel/index.ts";
import type { CheckReading, Reading, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import type { Heartbeats } from "./heartbeats.ts";

const schema = z.object({
  /** Who reports; default: the resource. */
  name: z.string().min(1).optional(),
  everyMs: z.number().positive(),
  graceMs: z.number().nonnegative().optional(),
});

export interface HeartbeatSensorOptions {
  readonly clock: Clock;
  readonly heartbeats: Heartbeats;
}

const patienceMs = 15 * 60_000;
const parametersOf = sensorParameters("heartbeat", schema);

export function createHeartbeatSensor({ clock, heartbeats }: HeartbeatSensorOptions): Sensor {
  const firstLookMs = new Map<string, number>();
  return {
    kind: "heartbeat",
    async read({ spec }): Promise<readonly Reading[]> {
      const given = parametersOf(spec.parameters);
      const { name = spec.resource, everyMs, graceMs = everyMs / 2 } = given;
      const nowMs = clock.now().monotonicMs;
      const first = firstLookMs.get(spec.key) ?? nowMs;
      firstLookMs.set(spec.key, first);
      const silence = { name, ageMs: heartbeats.ageMs(name), listenedMs: nowMs - first };
      const check = judge(silence, everyMs + graceMs);
      if (silence.ageMs === undefined) return [check];
      const age = { value: silence.ageMs, unit: "ms", limit: everyMs + graceMs } as const;
      return [check, { kind: "samples", samples: [{ series: "heartbeat.age", ...age }] }];
    },
    forget: (key) => void firstLookMs.delete(key),
  };
}

interface Silence {
  readonly name: string;
  readonly ageMs: number | undefined;
  readonly listenedMs: number;
}

function judge({ name, ageMs, listenedMs }: Silence, limitMs: number): CheckReading {
  const heard = ageMs === undefined ? "never" : `${formatDuration(ageMs)} ago`;
  if (ageMs !== undefined && ageMs <= limitMs) return goodCheck(0, `${name} reported ${heard}`);
  const waited = `${name} reported ${heard}, and we have listened for ${formatDuration(listenedMs)}`;
  if (listenedMs <= Math.min(limitMs, patienceMs)) return goodCheck(0, waited);
  const reason = `${waited}; it must report every ${formatDuration(limitMs)} at least`;
  return badCheck(0, { symptom: "stale", reason });
}
