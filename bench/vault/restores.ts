/**
 * A restore of many small files, of one repository that restic has made, by each program in turn.
 * Ours is the command as people give it. Each restores into a folder of its own, and what it wrote
 * is brought to the disk before the next one begins: a file system that has to look for what was
 * removed of late, or to write what another one left, would be slow for who comes next.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Figure, Row } from "../rig/figure.ts";
import { type Command, type MeasuredRun, measuredRun } from "../rig/measured-run.ts";
import { spreadOf, tellSpread } from "../rig/spread.ts";
import { makeBenchTree } from "../vault-tree.ts";
import { passphrase, restic } from "./tools.ts";

export interface RestoresOptions {
  readonly rounds: number;
  readonly files: number;
  /** The command line, as it is published. */
  readonly program: string;
}

export function restores({ files, program, rounds }: RestoresOptions): Figure {
  return {
    name: "restore",
    title: `a restore of ${files} small files`,
    run: async (bench) => {
      const source = join(bench.folder, "source");
      const repository = join(bench.folder, "repository");
      bench.progress("making the tree and its backup");
      mkdirSync(source);
      makeBenchTree(source, files);
      await measuredRun(restic.init(repository));
      await measuredRun(restic.backUp(repository, source));
      const ways = waysTo(bench.folder, { program, repository, source });
      const taken = ways.map((): MeasuredRun[] => []);
      for (let round = 0; round < rounds; round += 1) {
        const inTurn = [...ways.entries()];
        for (const [at, { name, restore }] of round % 2 === 0 ? inTurn : inTurn.toReversed()) {
          bench.progress(`${name}, round ${round + 1} of ${rounds}`);
          taken[at]?.push(await measuredRun(restore(join(bench.folder, `${name}-${round}`))));
          await measuredRun({ program: "sync", args: [] });
        }
      }
      return rowsOf(ways, taken);
    },
  };
}

interface Way {
  readonly name: string;
  readonly restore: (target: string) => Command;
}

function waysTo(
  folder: string,
  {
    program,
    repository,
    source,
  }: { readonly program: string; readonly repository: string; readonly source: string },
): readonly Way[] {
  const fleet = join(folder, "soulmirror.yaml");
  writeFileSync(
    fleet,
    `vaults:
  bench:
    sources: [${source}]
    locations: [{ url: "file:${repository}" }]
    passphrase: { env: VAULT_PASSPHRASE }
`,
  );
  const words = ["vault", "restore", "-c", fleet, "--target"];
  return [
    {
      name: "soulmirror",
      restore: (target) => ({
        program: process.execPath,
        args: [program, ...words, target],
        env: { VAULT_PASSPHRASE: passphrase },
      }),
    },
    { name: "restic", restore: (target) => restic.restore(repository, target) },
  ];
}

const measures = [
  { name: "time", unit: "s", of: (run: MeasuredRun) => run.wallMs / 1000 },
  { name: "processor", unit: "s", of: (run: MeasuredRun) => run.cpuMs / 1000 },
  { name: "memory", unit: "MB", of: (run: MeasuredRun) => run.peakBytes / 2 ** 20 },
] as const;

function rowsOf(ways: readonly Way[], taken: readonly (readonly MeasuredRun[])[]): readonly Row[] {
  return measures.flatMap(({ name, of, unit }) => {
    const told = ways.map(({ name: way }, at): Row => {
      const spread = spreadOf((taken[at] ?? []).map(of));
      const measured = tellSpread(spread, unit);
      return { what: `${name}, ${way}`, mustReach: "", measured, spread };
    });
    const [ours = [], theirs = []] = taken;
    const ratios = ours.map((run, round) => {
      const other = theirs[round];
      return other === undefined ? Number.NaN : of(run) / of(other);
    });
    const spread = spreadOf(ratios);
    const ratio = { what: `${name}, share of restic's`, measured: tellSpread(spread, "x"), spread };
    if (name !== "time") return [...told, { ...ratio, mustReach: "" }];
    return [...told, { ...ratio, mustReach: "<= 1x", reached: spread.median <= 1 }];
  });
}
