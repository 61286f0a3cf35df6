/**
 * A critical file that vanishes: how long after the two seconds of quiet it is back as it was, from
 * two folders of this machine, and from a server behind SFTP that is far away.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { openSftpLocation } from "../../src/platform/locations/index.ts";
import type { Location } from "../../src/vault/index.ts";
import { openScene, startAgent } from "../../test/integration/agent-scene.ts";
import { RoughPath } from "../../test/integration/servers/rough-path.ts";
import { startSshServer } from "../../test/integration/servers/ssh-server.ts";
import { until } from "../../test/until.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { spreadOf, tellSpread } from "../rig/spread.ts";
import { makeBenchTree } from "../vault-tree.ts";

export interface RecoveryOptions {
  readonly rounds: number;
  readonly files: number;
}

const quietMs = 2000;
const goalMs = 1000;
const roundTripMs = 50;

export function recovery({ files, rounds }: RecoveryOptions): Figure {
  return {
    name: "recovery",
    title: `one of ${files} files vanishes`,
    run: async (bench) => {
      const place = (name: string): string => join(bench.folder, name);
      const here = await recoveriesMs(bench, { place: place("here"), files, rounds });
      const locations = [await farAway(bench, place("there"))];
      const far = await recoveriesMs(bench, { place: place("far"), files, rounds, locations });
      const ours = spreadOf(here);
      const theirs = spreadOf(far);
      return [
        {
          what: "back after the quiet, from a folder",
          mustReach: `<= ${goalMs} ms`,
          measured: tellSpread(ours, "ms"),
          spread: ours,
          reached: ours.max <= goalMs,
        },
        {
          what: `back after the quiet, over SFTP with ${roundTripMs} ms there and back`,
          mustReach: "",
          measured: tellSpread(theirs, "ms"),
          spread: theirs,
        },
      ] satisfies readonly Row[];
    },
  };
}

async function farAway(bench: Bench, folder: string): Promise<Location> {
  const server = bench.teardown.use(await startSshServer());
  const path = bench.teardown.use(await RoughPath.to(server.port));
  path.roundTripMs = roundTripMs;
  return openSftpLocation({ target: server.target(path.port), folder, name: "sftp:there" });
}

async function recoveriesMs(
  bench: Bench,
  options: RecoveryOptions & { readonly place: string; readonly locations?: readonly Location[] },
): Promise<readonly number[]> {
  const { files, place, rounds } = options;
  bench.progress("the first snapshot");
  const production = join(place, "source", "production");
  mkdirSync(production, { recursive: true });
  makeBenchTree(production, files);
  const scene = bench.teardown.use(await openScene(options));
  bench.teardown.use(await startAgent(scene.world));
  const paths = readdirSync(production, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name));
  const chosen = paths.filter((_, at) => at % Math.ceil(paths.length / rounds) === 0);
  const takenMs: number[] = [];
  for (const [round, path] of chosen.entries()) {
    bench.progress(`round ${round + 1} of ${chosen.length}`);
    const before = readFileSync(path);
    rmSync(path);
    const goneMs = performance.now();
    await until(() => isThere(path, before), { everyMs: 5, limitMs: 120_000 });
    takenMs.push(performance.now() - goneMs - quietMs);
  }
  return takenMs;
}

function isThere(path: string, before: Buffer): boolean {
  try {
    return readFileSync(path).equals(before);
  } catch {
    return false;
  }
}
