/**
 * Runs in a mount namespace of its own: a fleet whose data directory is on a disk of 48 MiB. It is
 * taken down with one service kept stopped and the other running; then the disk is filled to the
 * last byte, or becomes read-only (as the argument says), and a daemon is started. Prints what it
 * says then, and when the disk can be written again.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { until } from "../until.ts";
import { CliBench } from "./cli-bench.ts";

interface Report {
  readonly services: readonly { readonly state: string; readonly pid: number | null }[];
  readonly journalTrouble?: string;
}

// As it is for users: compiled code is kept on that disk as well.
delete process.env["NODE_COMPILE_CACHE"];
await using bench = await CliBench.open();
await bench.writeFleet();
const data = bench.path(".soulmirror");
mkdirSync(data, { mode: 0o700 });
bench.teardown.defer(() => void execFileSync("umount", ["--lazy", data]));
execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m,mode=700", "none", data]);
const status = async () => (await bench.json("status")) as Report;

await bench.run("up");
await bench.run("stop", "web");
const [base] = (await status()).services;
await bench.run("down", "--keep-services");
const giveBack = process.argv[2] === "full" ? fillUp() : makeReadOnly();

const up = await bench.run("up");
const full = await status();
process.kill(full.services[0]?.pid ?? 0, "SIGKILL");
const healed = await reported((report) => {
  const [service] = report.services;
  return service?.state === "healthy" && service.pid !== base?.pid;
});

giveBack();
const later = await reported((report) => report.journalTrouble === undefined);
const audit = await bench.run("audit", "verify");
await bench.run("down");
process.stdout.write(JSON.stringify({ up, base, full, healed, later, audit }));

function fillUp(): () => void {
  const path = bench.path(".soulmirror", "stuffing");
  for (let sizeBytes = 2 ** 20; sizeBytes >= 1; sizeBytes /= 2) {
    try {
      for (;;) appendFileSync(path, "x".repeat(sizeBytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  return () => rmSync(path);
}

/** By another mount over it: services go on with the files that they have open. */
function makeReadOnly(): () => void {
  execFileSync("mount", ["--bind", data, data]);
  execFileSync("mount", ["-o", "remount,bind,ro", data]);
  return () => void execFileSync("umount", ["--lazy", data]);
}

async function reported(isSo: (report: Report) => boolean): Promise<Report> {
  let last = await status();
  const holds = async (): Promise<boolean> => isSo((last = await status()));
  const seen = (): unknown => last;
  await until(holds, { what: isSo.toString(), limitMs: 60_000, everyMs: 500, seen });
  return last;
}
