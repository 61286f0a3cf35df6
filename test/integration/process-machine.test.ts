/** The machine itself: locks, durable files, ports, private folders. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { SoulMirrorError } from "../../src/kernel/index.ts";
import {
  acquireLock,
  bootId,
  commandLine,
  descriptorCount,
  freePort,
  isAlive,
  isPortFree,
  makeSparePath,
  openDataDirectory,
  portHolder,
  privateDirectory,
  processAgeMs,
  processIdentity,
  readPlainFile,
  replaceFile,
  writeDurably,
} from "../../src/system/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

let stack = new AsyncDisposableStack();

afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

function child(source: string): ChildProcess {
  const started = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  stack.defer(() => void started.kill("SIGKILL"));
  return started;
}

const said = (process: ChildProcess): Promise<string> =>
  new Promise((resolve) =>
    process.stdout?.once("data", (part: Buffer) => resolve(part.toString())),
  );

const lockModule = new URL("../../src/system/index.ts", import.meta.url).href;
const holder = (path: string): string => `import { acquireLock } from ${JSON.stringify(lockModule)};
  try { acquireLock(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1000); }
  catch (error) { console.log(error.code); }`;

describe("the lock", () => {
  test("K2: a living holder is named and not replaced; a dead one is taken over", async () => {
    const path = join(temporaryFolder("machine"), "lock");
    const other = child(holder(path));
    expect(await said(other)).toBe("held\n");
    const attempt = (): unknown => acquireLock(path);
    expect(attempt).toThrow(SoulMirrorError);
    expect(attempt).toThrow(`pid ${other.pid} holds ${path}`);

    other.kill("SIGKILL");
    await new Promise((resolve) => other.once("exit", resolve));
    const lock = acquireLock(path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
    lock.release();
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test("K3: whoever holds the spare place holds both", async () => {
    const path = join(temporaryFolder("machine"), "lock");
    const spare = join(temporaryFolder("machine"), "spare");
    const other = child(holder(spare));
    expect(await said(other)).toBe("held\n");
    expect(() => acquireLock(path, spare)).toThrow(`pid ${other.pid} holds ${spare}`);
    expect(existsSync(path)).toBe(false);
    other.kill("SIGKILL");
    await new Promise((resolve) => other.once("exit", resolve));
    acquireLock(path, spare).release();
  });

  test("K2: a zombie, an earlier boot, a given-away pid and a broken file hold nothing", async () => {
    const path = join(temporaryFolder("machine"), "lock");
    const parent = spawn("sh", ["-c", "true & exec sleep 60"]);
    stack.defer(() => void parent.kill("SIGKILL"));
    const self = processIdentity(process.pid);
    const zombie = await zombieOf(parent.pid ?? 0);
    for (const content of [
      JSON.stringify(zombie),
      JSON.stringify({ ...self, bootId: "earlier" }),
      JSON.stringify({ ...self, startTicks: 1 }),
      "",
      "4711",
    ]) {
      writeFileSync(path, content);
      acquireLock(path).release();
      expect(existsSync(path)).toBe(false);
    }
  });

  test("of many that find it stale, exactly one holds it", async () => {
    const path = join(temporaryFolder("machine"), "lock");
    writeFileSync(path, JSON.stringify({ pid: 1, startTicks: 0, bootId: "earlier" }));
    const all = await Promise.all(Array.from({ length: 6 }, () => said(child(holder(path)))));
    expect(all.toSorted()).toEqual([...Array<string>(5).fill("DATA_DIRECTORY_HELD\n"), "held\n"]);
    expect(readdirSync(join(path, ".."))).toEqual(["lock"]);
  });
});

test("of many that find it stale, and who took it over dead, exactly one holds it, however slow the disk is", async () => {
  const [racers, rounds] = [4, 60];
  const place = temporaryFolder("machine");
  const dead = JSON.stringify({ pid: 1, startTicks: 0, bootId: "earlier" });
  for (let round = 0; round < rounds; round += 1) {
    mkdirSync(join(place, String(round)));
    for (const name of ["lock", "lock.takeover"]) {
      writeFileSync(join(place, String(round), name), dead);
    }
  }
  const script = join(import.meta.dirname, "lock-racer.ts");
  const all = Array.from({ length: racers }, () => {
    const words = [script, place, String(racers), String(rounds)];
    const racer = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    stack.defer(() => void racer.kill("SIGKILL"));
    return said(racer);
  });
  const told = (await Promise.all(all)).map((text) => JSON.parse(text) as Raced);
  expect(told.flatMap(({ held }) => held).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: rounds }, (_, round) => round),
  );
  expect(told.flatMap(({ twice }) => twice)).toEqual([]);
  expect(readdirSync(join(place, "0")).toSorted()).toEqual(["here", "lock"]);
});

interface Raced {
  /** The rounds in which it got the stale lock. */
  readonly held: readonly number[];
  /** Those in which it was not alone with a lock that it had. */
  readonly twice: readonly number[];
}

describe("files", () => {
  test("F1: a written file is whole, has its mode, and leaves nothing beside it", async () => {
    const path = join(temporaryFolder("machine"), "note");
    await writeDurably(path, "one");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await writeDurably(path, "two", { mode: 0o640 });
    replaceFile(join(path, "..", "other"), "three");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(path, "..")).toSorted()).toEqual(["note", "other"]);
  });

  test("F1: what cannot be written leaves the old content", async () => {
    const inside = temporaryFolder("machine");
    await expect(writeDurably(join(inside, "no", "such"), "x")).rejects.toThrow("ENOENT");
    await expect(writeDurably(inside, "x")).rejects.toThrow("EISDIR");
    expect(readdirSync(inside)).toEqual([]);
  });
});

describe("texts", () => {
  test("are read from files, and from nothing that would keep the reader waiting", () => {
    const place = temporaryFolder("machine");
    const [file, pipe] = [join(place, "file"), join(place, "pipe")];
    writeFileSync(file, "fleet: a\n");
    execFileSync("mkfifo", [pipe]);
    expect(readPlainFile(file)).toBe("fleet: a\n");
    for (const other of [pipe, "/dev/zero", place]) {
      expect(() => readPlainFile(other)).toThrow("it is not a file");
    }
    expect(() => readPlainFile(join(place, "none"))).toThrow("ENOENT");
  });
});

describe("ports", () => {
  test("a listener is found with its pid and command, on its own address and on all", async () => {
    for (const host of ["127.0.0.1", "0.0.0.0", "::"]) {
      const server = createServer();
      stack.defer(() => void server.close());
      const port = await freePort();
      await new Promise<void>((resolve) => void server.listen({ host, port }, resolve));
      expect(await isPortFree("127.0.0.1", port)).toBe(false);
      const found = portHolder("127.0.0.1", port);
      expect(found).toEqual({ pid: process.pid, command: commandLine(process.pid) });
      expect(portHolder("127.0.0.1", port)).toEqual(found);
      // Who wants all addresses is kept from it by any of them.
      expect(portHolder("0.0.0.0", port)).toEqual(found);
      server.close();
      await until(() => isPortFree("127.0.0.1", port));
      expect(portHolder("127.0.0.1", port)).toBeNull();
    }
  });

  test("a promised port is not given out", async () => {
    const refused = new Set<number>();
    const port = await freePort("127.0.0.1", (candidate) => {
      if (refused.size === 0) refused.add(candidate);
      return refused.has(candidate);
    });
    expect(refused.has(port)).toBe(false);
  });
});

describe("folders", () => {
  test("the data directory is private, and its parts are where they are expected", () => {
    const root = join(temporaryFolder("machine"), "data");
    const directory = openDataDirectory(root);
    for (const path of [root, directory.logs, directory.run, directory.specs]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
    expect(directory.logOf("shop", 2)).toBe(join(root, "logs", "shop.2.log"));
    writeFileSync(directory.token, "");
    chmodSync(root, 0o755);
    openDataDirectory(root);
    expect(statSync(root).mode & 0o777).toBe(0o700);
    writeFileSync(join(root, "file"), "");
    expect(() => privateDirectory(join(root, "file"))).toThrow(SoulMirrorError);
    symlinkSync(join(root, "logs"), join(root, "link"));
    expect(privateDirectory(join(root, "link"))).toBe(join(root, "link"));
  });

  test("a socket path is short enough to be one, however deep the data directory is", () => {
    const inside = temporaryFolder("machine");
    const short = openDataDirectory(join(inside, "data"));
    expect(short.socket("p.sock")).toBe(join(inside, "data", "run", "p.sock"));
    const deep = openDataDirectory(join(inside, "d".repeat(120)));
    const path = deep.socket("p.sock");
    stack.defer(() => rmSync(join(path, ".."), { recursive: true }));
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    expect(openDataDirectory(join(inside, "d".repeat(120))).socket("p.sock")).toBe(path);
  });
});

test("where somebody else has the name of the spare folder there is no spare place", () => {
  const temporary = temporaryFolder("machine");
  const before = process.env["TMPDIR"];
  stack.defer(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  process.env["TMPDIR"] = temporary;
  const path = makeSparePath("/srv/data", "lock");
  expect(path?.startsWith(temporary)).toBe(true);
  const spare = dirname(path ?? "");
  rmSync(spare, { recursive: true });
  writeFileSync(spare, "");
  expect(makeSparePath("/srv/data", "lock")).toBeUndefined();
  // What has to outlive a reboot lies elsewhere, unless somebody has that name as well.
  expect(makeSparePath("/srv/data", "journal")).toMatch(/^\/var\/tmp\//);
});

test("this process is alive, has an age, and counts its descriptors", () => {
  const self = processIdentity(process.pid);
  if (!self) throw new Error("there is no /proc");
  expect(self.bootId).toBe(bootId());
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, startTicks: self.startTicks + 1 })).toBe(false);
  expect(processAgeMs(self)).toBeGreaterThan(0);
  expect(descriptorCount(process.pid)).toBeGreaterThan(3);
  expect(descriptorCount(0)).toBeUndefined();
});

async function zombieOf(parent: number): Promise<unknown> {
  const path = `/proc/${parent}/task/${parent}/children`;
  let pid = 0;
  await until(() => {
    pid = Number(readFileSync(path, "utf8").trim());
    return pid > 0 && / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  });
  return processIdentity(pid);
}
