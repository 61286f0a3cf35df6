/** Whether memory stays where it is: after very many calls, and while nobody calls. */
import type { Figure, Row } from "../rig/figure.ts";
import { growthOf } from "../rig/growth.ts";
import { heapBytes } from "../rig/heap-snapshot.ts";
import { short } from "../rig/spread.ts";
import { packedProject } from "./packed-project.ts";

interface Found {
  /** Used bytes after a collection. */
  readonly working: readonly number[];
  readonly idle: readonly number[];
  /** Heap snapshots before and after the rest. */
  readonly heaps: readonly [string, string];
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
      const ask = (isBare: boolean): Promise<Found> =>
        project.ask("measure-memory", [JSON.stringify({ ...asked, isBare })], ["--expose-gc"]);
      const [found, bare] = await Promise.all([ask(false), ask(true)]);
      if (found.succeeded + found.failed !== calls) throw new Error("not all calls were counted");
      // Until everything is compiled there is something to grow.
      const compiled = ({ working }: Found): readonly number[] => working.slice(10);
      return [
        flat(`${calls} calls, one of 1,000 fails`, compiled(found), compiled(bare)),
        await rest(`${short(idleMinutes)} min without calls (${found.timers} timers)`, found, bare),
      ];
    },
  };
}

/**
 * What is done once in half a minute is compiled by V8 bit by bit, for hours: that is told apart
 * from what is kept.
 */
async function rest(what: string, found: Found, bare: Found): Promise<Row> {
  const grown = async ({ heaps: [before, after] }: Found) => {
    const [first, last] = [await heapBytes(before), await heapBytes(after)];
    return { objects: last.objects - first.objects, code: last.code - first.code };
  };
  const [own, bareOwn] = [await grown(found), await grown(bare)];
  const [first = 0, last = 0] = [found.idle.at(0), found.idle.at(-1)];
  return {
    what: `memory, ${what}`,
    mustReach: `flat: <= ${flatBytes / 1024} KB of objects beyond the same without the engine`,
    measured:
      `${short(own.objects / 1024)} KB of objects and ${short(own.code / 1024)} KB of compiled code ` +
      `between two heap snapshots; without the engine ${short(bareOwn.objects / 1024)} and ` +
      `${short(bareOwn.code / 1024)} KB; used first ${short(first / 1024)}, ` +
      `last ${short(last / 1024)} KB`,
    reached: own.objects - Math.max(0, bareOwn.objects) <= flatBytes,
  };
}

/** A growth that the same process has without the engine is not the engine's. */
function flat(what: string, usedBytes: readonly number[], bareBytes: readonly number[]): Row {
  const growth = growthOf(usedBytes);
  const bareGrowth = growthOf(bareBytes);
  const [first = 0, last = 0] = [usedBytes.at(0), usedBytes.at(-1)];
  return {
    what: `memory, ${what}`,
    mustReach: `flat: <= ${flatBytes / 1024} KB over the stretch beyond the same without the engine`,
    measured:
      `${short(growth / 1024)} KB by the slope of ${usedBytes.length} looks after a collection; ` +
      `first ${short(first / 1024)}, last ${short(last / 1024)} KB; ` +
      `without the engine ${short(bareGrowth / 1024)} KB`,
    reached: growth - Math.max(0, bareGrowth) <= flatBytes,
  };
}
