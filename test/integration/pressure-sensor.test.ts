/** How short of processor time a machine is: one that is made up, and this one. */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Reading } from "../../src/model/index.ts";
import { createPressureSensor } from "../../src/targets/host/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const spec = {
  key: "host/pressure#pressure",
  resource: "host/pressure",
  sensor: "pressure",
  kind: "pressure",
  parameters: {},
  intervalMs: 500,
  timeoutMs: 1000,
} as const;

/** A /proc of our own, and a clock that we set. */
function machine() {
  const procRoot = temporaryFolder("proc");
  mkdirSync(join(procRoot, "pressure"));
  const now = { wallMs: 0, monotonicMs: 0 };
  const sensor = createPressureSensor({ clock: { now: () => ({ ...now }) }, procRoot });
  return {
    write: (name: string, text: string): void => writeFileSync(join(procRoot, name), text),
    look: (atMs: number): Promise<readonly Reading[]> => {
      now.monotonicMs = atMs;
      return sensor.read({ spec }, new AbortController().signal);
    },
  };
}

const stalled = (microseconds: number): string =>
  `some avg10=0.00 avg60=0.00 avg300=0.00 total=${microseconds}\nfull avg10=0.00 total=7\n`;

test("is the share of the time since the look before", async () => {
  const { write, look } = machine();
  write("pressure/cpu", stalled(1_000_000));
  expect(await look(0)).toEqual([]);
  write("pressure/cpu", stalled(1_300_000));
  expect(await look(500)).toEqual([
    { kind: "samples", samples: [{ series: "pressure.cpu", value: 60, unit: "percent" }] },
  ]);
  expect(await look(1000)).toMatchObject([{ samples: [{ value: 0 }] }]);
  write("pressure/cpu", stalled(9_300_000));
  expect(await look(1500)).toMatchObject([{ samples: [{ value: 100 }] }]);
});

test("is the load per processor where the kernel does not count", async () => {
  const { write, look } = machine();
  expect(await look(0)).toEqual([]);
  write("loadavg", "8.00 2.00 1.00 1/100 200\n");
  expect(await look(500)).toMatchObject([
    { samples: [{ series: "load.processor", value: 8 / availableParallelism() }] },
  ]);
});

test("is known of this machine", async () => {
  let monotonicMs = 0;
  const clock = { now: () => ({ wallMs: 0, monotonicMs: (monotonicMs += 500) }) };
  const sensor = createPressureSensor({ clock });
  const look = () => sensor.read({ spec }, new AbortController().signal);
  await look();
  const [reading] = await look();
  const value = reading?.kind === "samples" ? reading.samples[0]?.value : undefined;
  expect(value).toBeGreaterThanOrEqual(0);
});
