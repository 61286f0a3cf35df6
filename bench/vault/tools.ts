/** The programs that are compared: how each makes a repository, and how it backs up into it. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { Command } from "../rig/measured-run.ts";

export interface BackupTool {
  readonly name: string;
  init(repository: string, source: string): Command;
  backUp(repository: string, source: string): Command;
}

export const passphrase = "a passphrase for measuring";
const ownEnv = { VAULT_PASSPHRASE: passphrase };
const resticEnv = { RESTIC_PASSWORD: passphrase };

/**
 * The command as people give it.
 *
 * @param program see `publishedProgram`
 */
export function soulmirrorOf(program: string): BackupTool {
  const command = (repository: string, words: readonly string[]): Command => ({
    program: process.execPath,
    args: [program, "--json", "-c", `${repository}.base/soulmirror.yaml`, ...words],
    env: ownEnv,
  });
  return {
    name: "soulmirror",
    init: (repository, source) => {
      const vault = {
        sources: [source],
        locations: [{ url: `file:${repository}` }],
        quorum: 1,
        passphrase: { env: "VAULT_PASSPHRASE" },
      };
      mkdirSync(`${repository}.base`);
      const fleet = JSON.stringify({ vaults: { bench: vault } });
      writeFileSync(`${repository}.base/soulmirror.yaml`, fleet);
      return command(repository, ["vault", "init"]);
    },
    backUp: (repository) => command(repository, ["vault", "backup"]),
  };
}

export const restic: BackupTool & {
  init(repository: string): Command;
  restore(repository: string, target: string): Command;
} = {
  name: "restic",
  init: (repository) => ({
    program: "restic",
    args: ["--no-cache", "--quiet", "--repo", repository, "init"],
    env: resticEnv,
  }),
  backUp: (repository, source) => ({
    program: "restic",
    args: ["--no-cache", "--quiet", "--repo", repository, "backup", source],
    env: resticEnv,
  }),
  restore: (repository, target) => ({
    program: "restic",
    args: ["--no-cache", "--quiet", "--repo", repository, "restore", "latest", "--target", target],
    env: resticEnv,
  }),
};

/** Its cache of files is what lets it see that nothing changed: beside the repository, its own. */
export const borg: BackupTool = {
  name: "borg",
  init: (repository) => {
    mkdirSync(repository, { recursive: true });
    return {
      program: "borg",
      args: ["init", "--encryption", "repokey", repository],
      env: borgEnv(repository),
    };
  },
  backUp: (repository, source) => ({
    program: "borg",
    args: ["create", "--compression", "zstd,3", `${repository}::{now:%s.%f}`, source],
    env: borgEnv(repository),
  }),
};

function borgEnv(repository: string): NodeJS.ProcessEnv {
  return { BORG_PASSPHRASE: passphrase, BORG_BASE_DIR: `${repository}.base` };
}
