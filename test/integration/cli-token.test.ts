/** The command line keeps the token to itself: whoever is not our daemon never hears it. */
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processIdentity, sparePaths } from "../../src/system/index.ts";
import { CliBench } from "./cli-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

describe("the token", () => {
  /** Somebody who took the port of a daemon, and a fleet whose token they would like. */
  async function openTrap(): Promise<{ port: number; asked: string[] }> {
    await bench.writeFleet();
    await bench.write(".soulmirror/token", "secret-secret-secret\n");
    const asked: string[] = [];
    const trap = createServer(({ headers }, answer) => {
      asked.push(headers.authorization ?? "nothing");
      answer.end("{}");
    });
    await once(trap.listen(0, "127.0.0.1"), "listening");
    bench.teardown.defer(() => void trap.close());
    return { port: (trap.address() as AddressInfo).port, asked };
  }

  it("is not handed to whoever took the port of a dead daemon", async () => {
    const { port, asked } = await openTrap();
    const note = { ...processIdentity(process.pid), startTicks: 1, port, startedAt: 1 };
    await bench.write(".soulmirror/run/daemon.json", JSON.stringify(note));
    const { code, err } = await bench.run("status");
    expect(err).toContain(`its last one, pid ${process.pid}, is gone`);
    expect([code, asked]).toEqual([5, []]);
  });

  it("is not handed to whoever planted a note in the spare place", async () => {
    const { port, asked } = await openTrap();
    const [path = ""] = sparePaths(bench.path(".soulmirror"), "note");
    const folder = basename(dirname(path));
    const note = { ...processIdentity(process.pid), port, startedAt: 1 };
    await bench.write(join("tmp", folder, basename(path)), JSON.stringify(note));
    await chmod(join(bench.temporary, folder), 0o777);
    expect(await bench.run("status")).toMatchObject({ code: 5 });
    expect(asked).toEqual([]);
  });
});
