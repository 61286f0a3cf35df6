/** Command, files and host sensors on real programs, files and figures of the kernel. */
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type JsonRecord, quote, replaceQuotes } from "../../src/kernel/index.ts";
import type { Reading } from "../../src/model/index.ts";
import { readProcessStat, realClock } from "../../src/system/index.ts";
import { createCommandSensor } from "../../src/targets/command/index.ts";
import { createFilesSensor } from "../../src/targets/files/index.ts";
import { createHostSensor } from "../../src/targets/host/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { checkOf, read, requestOf, valueOf } from "../conformance/sensor.ts";
import { until } from "../until.ts";

describe("command", () => {
  const environment = { ...process.env, LANG: "C.UTF-8", DATABASE_PASSWORD: "hunter2hunter2" };
  const sensor = createCommandSensor({ clock: realClock, environment });
  const sh = (script: string): string[] => ["sh", "-c", script];
  const look = async (parameters: JsonRecord, port?: number) =>
    checkOf(await read(sensor, { parameters, ...(port === undefined ? {} : { port }) }));

  test("gets what was declared, its port and its name, and none of our secrets (C1)", async () => {
    const given = { expectOutput: "/^PORT=4102$/m", env: { COLOUR: "blue" } };
    expect(await look({ command: ["env"], ...given }, 4102)).toMatchObject({ ok: true });
    const secret = { command: ["env"], expectOutput: "hunter2" };
    expect(await look(secret)).toMatchObject({ ok: false, symptom: "content" });
    const other = await look({
      command: sh("echo $TOKEN; exit 3"),
      env: { TOKEN: "s3cr3t-t0ken" },
    });
    expect(other).toMatchObject({ ok: false, symptom: "status" });
    expect(other?.reason).toMatch(/^sh, [\d.]+ ms: exit code 3, not 0: \u2068\*\*\*\u2069$/);
  });

  test("another exit code may be the expected one; nothing goes through a shell", async () => {
    expect(await look({ command: ["false"], expectExitCode: 1 })).toMatchObject({ ok: true });
    const plain = { command: ["echo", "$HOME;`id`"], expectOutput: "$HOME;`id`" };
    expect(await look(plain)).toMatchObject({ ok: true });
  });

  test("a declared value that is cut off is masked as well (C3)", async () => {
    const env = { TOKEN: "s3cr3t-t0ken-of-thirty-characters" };
    const script = `printf '%0100d ' 0; echo $TOKEN; exit 3`;
    const { reason = "" } = (await look({ command: sh(script), env })) ?? {};
    expect(reason).toContain("0 ***");
    expect(reason).not.toContain("s3cr3t");
  });

  test("what it said is quoted, however it ended (C3)", async () => {
    const said = "card 4111 was refused";
    const ends: readonly JsonRecord[] = [
      { command: sh(`echo ${said}; exit 3`) },
      { command: sh(`echo ${said}`), expectOutput: "accepted" },
      { command: sh(`echo ${said}; kill -9 $$`) },
    ];
    for (const given of ends) {
      const { reason = "" } = (await look(given)) ?? {};
      expect(reason).toContain(quote(said));
      expect(replaceQuotes(reason, "")).not.toContain("4111");
    }
  });

  test("its whole group is killed at the deadline (C2)", async () => {
    const pids = join(temporaryFolder("local-sensors"), "pids");
    const script = `sleep 600 & echo $! > ${pids}; echo $$ >> ${pids}; wait`;
    const controller = new AbortController();
    const end = read(sensor, { parameters: { command: sh(script) } }, controller.signal);
    await until(() => written(pids).length === 2);
    controller.abort();
    expect(checkOf(await end)).toMatchObject({ ok: false, symptom: "timeout" });
    const isGone = (pid: number): boolean => "ZX".includes(readProcessStat(pid)?.state ?? "X");
    await until(() => written(pids).every(isGone));
  });

  function written(path: string): number[] {
    try {
      return readFileSync(path, "utf8").trim().split("\n").map(Number);
    } catch {
      // Not begun yet.
      return [];
    }
  }
});

describe("files", () => {
  const sensor = createFilesSensor({ clock: realClock });
  const look = (parameters: JsonRecord) => read(sensor, { parameters });
  const hourMs = 3_600_000;

  function put(path: string, text: string, ageMs: number): void {
    writeFileSync(path, text);
    const seconds = (realClock.now().wallMs - ageMs) / 1000;
    utimesSync(path, seconds, seconds);
  }

  test("the newest of a glob or folder counts, by age and size", async () => {
    const at = temporaryFolder("local-sensors");
    put(join(at, "old.sql"), "a long old dump", 50 * hourMs);
    put(join(at, "new.sql"), "new", 2 * hourMs);
    put(join(at, "newest.txt"), "", 0);
    const readings = await look({ path: join(at, "*.sql"), maxAgeMs: 3 * hourMs, minBytes: 3 });
    expect(checkOf(readings)).toMatchObject({ ok: true });
    expect(checkOf(readings)?.reason).toBe(`${join(at, "new.sql")} is 2 h old and has 3 B`);
    expect(valueOf(readings, "files.age")).toBeCloseTo(2 * hourMs, -5);
    expect(valueOf(readings, "files.bytes")).toBe(3);
    expect(valueOf(readings, "files.count")).toBe(2);
    const stale = checkOf(await look({ path: join(at, "*.sql"), maxAgeMs: hourMs }));
    expect(stale).toMatchObject({ ok: false, symptom: "stale" });
    expect(stale?.reason).toBe(`${join(at, "new.sql")} is 2 h old, more than 1 h`);
    const small = checkOf(await look({ path: at, minBytes: 1 }));
    expect(small).toMatchObject({ ok: false, symptom: "content" });
  });

  test("of more files than can be looked at none is called stale, the newest may be another", async () => {
    const at = temporaryFolder("local-sensors");
    for (const name of ["a", "b", "c"]) put(join(at, name), "dump", 2 * hourMs);
    const few = createFilesSensor({ clock: realClock, filesMax: 2 });
    const stale = await read(few, { parameters: { path: at, maxAgeMs: hourMs } });
    const reason = `${at} names too many entries to look at`;
    expect(stale).toMatchObject([{ ok: false, symptom: "sensor", reason }]);
    const fresh = await read(few, { parameters: { path: at, maxAgeMs: 3 * hourMs } });
    expect(fresh).toMatchObject([{ kind: "check", ok: true }]);
  });

  test("globs go over folders; links on the way are followed, circles and /proc are not", async () => {
    const at = temporaryFolder("local-sensors");
    mkdirSync(join(at, "a", "b"), { recursive: true });
    put(join(at, "a", "b", "x.tar"), "x", 0);
    symlinkSync(join(at, "a"), join(at, "current"));
    symlinkSync(at, join(at, "a", "circle"));
    symlinkSync("/proc/self", join(at, "self"));
    const count = async (path: string) => valueOf(await look({ path }), "files.count");
    expect(await count(join(at, "**", "*.tar"))).toBe(1);
    expect(await count(join(at, "current", "b", "x.tar"))).toBe(1);
    expect(await count(join(at, "*", "b", "*.tar"))).toBe(2);
    for (const path of [join(at, "self", "status"), join(at, "self", "*"), "/proc/*/status"]) {
      const check = checkOf(await look({ path }));
      expect(check).toMatchObject({ ok: false, symptom: "sensor" });
      expect(check?.reason).toContain("is no place for files");
    }
  });

  test("a pattern that is none is a failed look", async () => {
    await expect(look({ path: "/tmp/[a" })).rejects.toThrow("unclosed");
  });
});

describe("host", () => {
  const parameters = { disks: ["/"] };

  test("figures of this machine, rates from the second look on", async () => {
    const sensor = createHostSensor({ clock: realClock });
    const request = requestOf("host", { parameters });
    const calm = new AbortController().signal;
    const first = await sensor.read(request, calm);
    expect(valueOf(first, "memory.used")).toBeGreaterThan(0);
    expect(valueOf(first, "disk.used")).toBeGreaterThan(0);
    expect(valueOf(first, "disk.free")).toBeGreaterThan(0);
    expect(valueOf(first, "load.1m")).toBeGreaterThanOrEqual(0);
    expect(valueOf(first, "descriptors.allocated")).toBeGreaterThan(0);
    expect(valueOf(first, "clock.step")).toBeUndefined();
    const ticksBefore = ticks();
    await until(() => ticks() > ticksBefore + 2);
    const second = await sensor.read(request, calm);
    expect(valueOf(second, "cpu.percent")).toBeGreaterThanOrEqual(0);
    expect(valueOf(second, "cpu.percent")).toBeLessThanOrEqual(100);
    expect(valueOf(second, "clock.step")).toBeTypeOf("number");
  });

  function ticks(): number {
    const line = readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "";
    return line
      .split(/\s+/)
      .slice(1, 9)
      .map(Number)
      .reduce((sum, value) => sum + value, 0);
  }

  /** A /proc of our own, and a clock that we set. */
  function machine() {
    const procRoot = temporaryFolder("local-sensors");
    for (const name of ["net", "sys/fs", "pressure"]) {
      mkdirSync(join(procRoot, name), { recursive: true });
    }
    const write = (name: string, text: string): void => writeFileSync(join(procRoot, name), text);
    const now = { wallMs: 1_000_000, monotonicMs: 0 };
    const sensor = createHostSensor({ clock: { now: () => ({ ...now }) }, procRoot });
    const look = (more: JsonRecord = {}) =>
      sensor.read(
        requestOf("host", { parameters: { ...parameters, ...more } }, "host/a#host"),
        new AbortController().signal,
      );
    return { write, now, look };
  }

  const head = "Inter-|   Receive                                                |  Transmit\n";
  const traffic = (name: string, received: number, errors: number): string =>
    `  ${name}: ${received} 9 ${errors} 2 0 0 0 0 500 9 0 1 0 0 0 0\n`;

  test("is exact about processor, network and the clock between two looks", async () => {
    const { write, now, look } = machine();
    write("stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1\ncpu1 1 1\nintr 1\n");
    write("net/dev", head + traffic("eth0", 1000, 0) + traffic("lo", 1, 0));
    write("loadavg", "3.00 2.00 1.00 1/100 200\n");
    await look();
    write("stat", "cpu  130 0 110 740 110 0 0 10 0 0\ncpu0 1 1\ncpu1 1 1\nintr 1\n");
    write("net/dev", head + traffic("eth0", 5000, 3) + traffic("lo", 9, 0) + traffic("new0", 9, 0));
    now.monotonicMs += 2000;
    now.wallMs += 2000 - 3_600_000;
    const readings = await look({ thresholds: { cpu: 0.4, load: 2 } });
    expect(valueOf(readings, "cpu.percent")).toBeCloseTo(50);
    expect(valueOf(readings, "cpu.waiting")).toBeCloseTo(10);
    expect(valueOf(readings, "cpu.stolen")).toBeCloseTo(10);
    expect(valueOf(readings, "load.processor")).toBe(1.5);
    expect(valueOf(readings, "network.received:eth0")).toBe(2000);
    expect(valueOf(readings, "network.errors:eth0")).toBe(1.5);
    expect(valueOf(readings, "network.received:lo")).toBeUndefined();
    expect(valueOf(readings, "network.received:new0")).toBeUndefined();
    expect(valueOf(readings, "clock.step")).toBe(-3_600_000);
    expect(checkOf(readings)).toMatchObject({
      ok: false,
      symptom: "threshold",
      reason: "cpu.percent is 50, above the declared 40",
    });
  });

  test("pressure, swap and descriptors, where the kernel has them", async () => {
    const { write, look } = machine();
    write(
      "meminfo",
      "MemTotal: 1000 kB\nMemAvailable: 250 kB\nSwapTotal: 100 kB\nSwapFree: 50 kB\n",
    );
    write("pressure/io", "some avg10=1.50 avg60=0 avg300=0 total=1\nfull avg10=0.25 avg60=0\n");
    write("sys/fs/file-nr", "1033\t0\t9223372036854775807\n");
    const readings = await look();
    expect(valueOf(readings, "memory.used")).toBe(0.75);
    expect(valueOf(readings, "memory.available")).toBe(250 * 1024);
    expect(valueOf(readings, "swap.used")).toBe(0.5);
    expect(valueOf(readings, "pressure.io.some")).toBe(1.5);
    expect(valueOf(readings, "pressure.io.full")).toBe(0.25);
    expect(valueOf(readings, "pressure.memory.some")).toBeUndefined();
    expect(valueOf(readings, "descriptors.allocated")).toBe(1033);
    expect(JSON.stringify(readings)).not.toContain("9223372036854775807");
  });

  test("several disks keep their own series while one cannot be read", async () => {
    const { look } = machine();
    const seriesOf = (readings: readonly Reading[]): readonly string[] =>
      readings.flatMap((each) =>
        each.kind === "samples" ? each.samples.map(({ series }) => series) : [],
      );
    const both = seriesOf(await look({ disks: ["/", "/proc"] }));
    expect(both).toEqual(expect.arrayContaining(["disk.used", "disk.used:/", "disk.used:/proc"]));
    const one = seriesOf(await look({ disks: ["/", "/no/such/disk"] }));
    expect(one).toEqual(expect.arrayContaining(["disk.used", "disk.used:/", "disk.free:/"]));
  });

  test.each([
    ["swap", 0.4, "swap.used is 50.0 %, above the declared 40.0 %"],
    ["descriptors", 0.9, "descriptors.allocated is 910, above the declared 900"],
    ["pressureCpu", 0.3, "pressure.cpu.some is 31.5, above the declared 30"],
    ["pressureMemory", 0.001, "pressure.memory.some is 0.2, above the declared 0.1"],
    ["pressureIo", 0.01, "pressure.io.some is 1.5, above the declared 1"],
    ["networkErrors", 1, "network.errors:eth0 is 1.5, above the declared 1"],
    ["networkDrops", 0, "network.drops:eth0 is 2, above the declared 0"],
  ])("a threshold of %s that is passed is told", async (name, limit, reason) => {
    const { write, now, look } = machine();
    write("meminfo", "MemTotal: 9 kB\nMemAvailable: 9 kB\nSwapTotal: 8 kB\nSwapFree: 4 kB\n");
    write("sys/fs/file-nr", "910\t0\t1000\n");
    const stalls = { cpu: "31.50", memory: "0.20", io: "1.50" };
    for (const [what, share] of Object.entries(stalls)) {
      write(`pressure/${what}`, `some avg10=${share} avg60=0\nfull avg10=99.00 avg60=0\n`);
    }
    write("net/dev", head + traffic("eth0", 1, 0));
    await look();
    write("net/dev", head + traffic("eth0", 9, 3).replace(" 2 0", " 6 0"));
    now.monotonicMs += 2000;
    now.wallMs += 2000;
    expect(checkOf(await look({ thresholds: { [name]: limit } }))).toMatchObject({
      ok: false,
      symptom: "threshold",
      reason,
    });
    // What is measured and well is not told: one above what was seen.
    now.monotonicMs += 2000;
    now.wallMs += 2000;
    expect(checkOf(await look({ thresholds: { [name]: 2 * limit + 1 } }))).toMatchObject({
      ok: true,
    });
  });

  test("a threshold on stalls is not passed over where the kernel tells of none", async () => {
    const { look } = machine();
    expect(checkOf(await look({ thresholds: { pressureIo: 0.5 } }))).toMatchObject({
      ok: false,
      symptom: "sensor",
      reason: "this kernel does not tell pressure.io.some",
    });
  });

  test("of a kernel that shows nothing only the disks are known", async () => {
    const { look } = machine();
    const readings = await look();
    expect(checkOf(readings)).toMatchObject({ ok: true });
    expect(valueOf(readings, "disk.used")).toBeGreaterThan(0);
    expect(valueOf(readings, "memory.used")).toBeUndefined();
  });
});
