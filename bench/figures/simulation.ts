/** The real stages in the simulated world: hours of fleet life in a second of one core. */
import { type RunOptions, type RunResult, run } from "../../test/simulation/run.ts";
import type { Figure } from "../rig/figure.ts";
import { short, spreadOf, tellSpread } from "../rig/spread.ts";

const least = { hoursPerSecond: 10, observationsPerHour: 18_000, faultsPerHour: 20 };
const goalHoursPerSecond = 50;
/** The smallest fleet in which every fault can strike: still far more than the least of an hour. */
const shape: Omit<RunOptions, "seed" | "hours"> = { services: 1, resources: 1, faultsPerHour: 24 };

export const simulation: Figure = {
  name: "simulation",
  title: "fleet-hours of simulation in a second of a core",
  async run(bench) {
    const hours = bench.quick ? 4 : 24;
    const seeds = bench.quick ? [1, 2, 3] : [1, 2, 3, 4, 5, 6, 7];
    await run({ ...shape, seed: 99, hours: 2 });
    const speeds: number[] = [];
    const rates: number[] = [];
    const perHour: number[] = [];
    const faults: number[] = [];
    let broken = 0;
    for (const seed of seeds) {
      bench.progress(`seed ${seed}, ${hours} h`);
      const before = process.cpuUsage();
      const result = await run({ ...shape, seed, hours });
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      speeds.push(hours / seconds);
      rates.push(result.observations / seconds);
      perHour.push(result.observations / hours);
      faults.push(faultsOf(result) / hours);
      broken += result.broken.length;
    }
    const speed = spreadOf(speeds);
    const leanest = spreadOf(rates.map((rate) => rate / least.observationsPerHour));
    const isFullHour =
      Math.min(...perHour) >= least.observationsPerHour &&
      Math.min(...faults) >= least.faultsPerHour;
    const hour = `${short(spreadOf(perHour).median)} observations, ${short(spreadOf(faults).median)} faults each`;
    return [
      {
        what: `simulation, ${hours} h a run (${hour})`,
        mustReach: `>= ${least.hoursPerSecond} fleet-hours/s, goal ${goalHoursPerSecond}`,
        measured: tellSpread(speed, "fleet-hours/s"),
        reached: speed.median >= least.hoursPerSecond && isFullHour && broken === 0,
        spread: speed,
      },
      {
        what: `simulation, counted as hours of ${least.observationsPerHour} observations`,
        mustReach: "",
        measured: tellSpread(leanest, "fleet-hours/s"),
      },
      {
        what: "simulation: observations",
        mustReach: "",
        measured: `${tellSpread(spreadOf(rates), "/s")}, ${broken} broken invariants`,
      },
    ];
  },
};

function faultsOf({ faults }: RunResult): number {
  return Object.values(faults).reduce((sum, count) => sum + count, 0);
}
