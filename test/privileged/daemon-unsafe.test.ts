/** As root, a fleet file in which others have a say is refused at any time, not only by `up`. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FleetSource } from "../../src/daemon/fleet-source.ts";
import { FleetBench } from "../integration/fleet-bench.ts";

test("a reload of such a file is refused with the reason, and the last good fleet goes on", async () => {
  await using bench = await FleetBench.up((each) => ({ services: { shop: each.toy("shop") } }));
  const before = await bench.pidOf("shop");
  bench.declare({ services: { shop: bench.toy("shop", { env: { VERSION: "2" } }) } });
  chmodSync(bench.fleetFile, 0o666);
  bench.daemon.kill("SIGHUP");
  const { errors } = await bench.entry("fleet_refused", () => true);
  expect(errors.join()).toMatch(
    /may be written by everybody \(mode 0666\).*\n {2}fix: chmod go-w /,
  );
  expect(await bench.pidOf("shop")).toBe(before);
  expect((await bench.entries("fleet_loaded")).filter(({ changes }) => changes.length > 0)).toEqual(
    [],
  );
  const { changes } = await bench.get<{ changes: string[] }>("/api/v1/config/diff");
  expect(changes.join()).toContain("refused");

  chmodSync(bench.fleetFile, 0o600);
  bench.daemon.kill("SIGHUP");
  await bench.entry("fleet_loaded", ({ changes: lines }) => lines.length > 0);
});

test("so is a reliability file beside it, and its folder", async () => {
  await using bench = new FleetBench();
  bench.declare({ services: { shop: bench.toy("shop") } });
  const source = new FleetSource({
    path: bench.fleetFile,
    environment: {},
    flags: [],
    vaultAgent: { command: [], env: {} },
  });
  expect(source.load().ok).toBe(true);
  const folder = join(bench.folder, "config");
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(join(folder, "reliability.yml"), "mode: shadow\n", { mode: 0o600 });
  expect(source.load()).toMatchObject({ ok: true, value: { fleet: { mode: "shadow" } } });
  for (const path of [join(folder, "reliability.yml"), folder]) {
    chmodSync(path, 0o777);
    const result = source.load();
    const problem = { isUnsafe: true, message: expect.stringContaining("mode 0777") as string };
    expect(result).toMatchObject({ ok: false, error: [problem] });
    expect(source.loaded?.fleet.mode).toBe("shadow");
    chmodSync(path, 0o700);
  }
});

test("a daemon does not start on such a file", async () => {
  await using bench = new FleetBench();
  bench.declare({ services: { shop: bench.toy("shop") } });
  chmodSync(bench.fleetFile, 0o666);
  const daemon = await bench.spawnDaemon();
  await bench.until(() => daemon.exitCode !== null, "it has ended");
  expect(daemon.exitCode).toBe(2);
  expect(bench.words()).toContain("CONFIG_UNSAFE");
});
