/**
 * What backups cost beside restic and borg, all of them as processes of their own, in turns.
 *
 *   node bench/vault.ts [--only files,large,micro,restore,recovery] [--rounds 3] [--files 50000]
 *     [--idle 60] [--cold] [--quick] [--json FILE]
 *
 * What is missed is printed as it is. Exit code 1 when anything is missed.
 */
import { parseArgs } from "node:util";
import { runFigures } from "./rig/run-figures.ts";
import { largeFile, manyFiles } from "./vault/backups.ts";
import { microSnapshots } from "./vault/micro.ts";
import { publishedProgram } from "./vault/published-program.ts";
import { recovery } from "./vault/recovery.ts";
import { restores } from "./vault/restores.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string" },
    files: { type: "string" },
    idle: { type: "string" },
    cold: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
  },
});

const program = await publishedProgram();
const options = {
  program: program.path,
  rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
  files: Number(values.files ?? (values.quick ? 2000 : 50_000)),
  isCold: values.cold,
};
const micro = {
  program: program.path,
  files: options.files,
  rounds: Number(values.rounds ?? (values.quick ? 2 : 10)),
  idleSeconds: Number(values.idle ?? (values.quick ? 5 : 60)),
};
const { rounds } = options;
const figures = [
  manyFiles(options),
  largeFile(options),
  microSnapshots(micro),
  restores(options),
  recovery({ rounds: rounds * 3, files: Math.min(options.files, 5000) }),
];
const ending = async (): Promise<void> => program[Symbol.asyncDispose]();
process.exit(await runFigures({ ...values, figures, ending }));
