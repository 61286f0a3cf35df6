/** Whether memory stays where it is: after very many calls, and while nobody calls. */
import type { Figure, Row } from "../rig/figure.ts";
import { growthOf } from "../rig/growth.ts";
import { short } from "../rig/spread.ts";
import { packedProject } from "./packed-project.ts";

interface Found {
  /** Used bytes after a collection. */
  readonly working: readonly number[];
  readonly idle: readonly number[];
  readonly timers: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Over the whole stretch: what V8 itself moves by when nothing is kept. */
const flatBytes = 64 * 1024;

export function memory(idleMinutes: number): Figure {
  return {
    name: "memory",
    title: "memory after many calls and after a long rest",
    async run(bench) {
      const project = await packedProject(bench);
      const calls = bench.quick ? 400_000 : 10_000_000;
      bench.progress(`${calls} calls, then ${idleMinutes} min of nothing`);
      const asked = { calls, samples: 40, idleMs: idleMinutes * 60_000 };
      const flags = ["--expose-gc"];
      const found = await project.ask<Found>("measure-memory", [JSON.stringify(asked)], flags);
      if (found.succeeded + found.failed !== calls) throw new Error("not all calls were counted");
      return [
        // Until everything is compiled there is something to grow.
        flat(`${calls} calls, one of 1,000 fails`, found.working.slice(10)),
        flat(`${short(idleMinutes)} min without calls (${found.timers} timers)`, found.idle),
      ];
    },
  };
}

function flat(what: string, usedBytes: readonly number[]): Row {
  const growth = growthOf(usedBytes);
  const [first = 0, last = 0] = [usedBytes.at(0), usedBytes.at(-1)];
  return {
    what: `memory, ${what}`,
    mustReach: `flat: <= ${flatBytes / 1024} KB over the stretch`,
    measured:
      `${short(growth / 1024)} KB by the slope of ${usedBytes.length} looks after a collection; ` +
      `first ${short(first / 1024)}, last ${short(last / 1024)} KB`,
    reached: growth <= flatBytes,
  };
}
