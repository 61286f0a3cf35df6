/** What can be done with a vault. Adding a verb: a line here, a file in `cli/vault/`, a test. */
import type { CommandGroup } from "../command.ts";

const name = ["[vault]", "its name; not needed where the fleet has one"] as const;

const chosen = [
  ["--snapshot <id>", "the first digits of its id (default: the latest)"],
  ["--at <time>", "the last one before: '2026-11-20 14:00', '2h ago', 'yesterday 14:00'"],
] as const;
const wait = [
  "--wait <duration>",
  "while somebody else works in the vault, for at most so long",
] as const;
const parts = [
  ["--path <path>", "only this, and what is below it; relative to where you are"],
  ["--glob <glob>", "only what matches, relative to the sources"],
  ["--category <name>", "only what is of a category of the fleet file"],
] as const;

export const vault: CommandGroup = {
  name: "vault",
  summary: "Backups that heal and prove: make them, look at them, serve them to others",
  more: `Exit codes of backup:
  0  every location holds it, and nothing was left out
  3  the quorum holds it, or something could not be read: see what it says
  1  fewer locations hold it than the quorum`,
  verbs: [
    {
      name: "init",
      summary: "Make the repository at every location of the vault",
      args: [name],
      load: async () => (await import("../vault/init.ts")).init,
    },
    {
      name: "backup",
      summary: "Protect everything as it is now, in every location that can be reached",
      args: [name],
      options: [["--tag <tags>", "tags of the snapshot, with commas between them"], wait],
      load: async () => (await import("../vault/backup.ts")).backup,
    },
    {
      name: "snapshots",
      summary: "What was protected when, and which locations hold it",
      args: [name],
      options: [["-n, --lines <count>", "at most so many, the newest (default: 50)"]],
      load: async () => (await import("../vault/snapshots.ts")).snapshots,
    },
    {
      name: "browse",
      summary: "Look through snapshots and files on a terminal, and restore from there",
      args: [name],
      load: async () => (await import("../vault/browse.ts")).browse,
    },
    {
      name: "ls",
      summary: "The paths of a snapshot, one a line",
      args: [name],
      options: [["--long", "with mode, owner, size and time"], ...chosen, ...parts],
      load: async () => (await import("../vault/ls.ts")).ls,
    },
    {
      name: "diff",
      summary: "What is different in two snapshots: + added, - removed, M content, U metadata",
      args: [name],
      options: [
        ["--from <id>", "default: the one before"],
        ["--to <id>", "default: the latest"],
      ],
      load: async () => (await import("../vault/diff.ts")).diff,
    },
    {
      name: "restore",
      summary: "Restore a snapshot, or parts of it, below a folder or into place",
      args: [name],
      options: [
        ["--target <folder>", "below which its absolute paths are made; / is into place"],
        ...chosen,
        ...parts,
        [
          "--overwrite <when>",
          "never, not-newer (default), or always, which compares what is there",
        ],
        ["--verify", "read back and compare every byte that was written"],
        ["--proof", "the same, and a report with the hash of each file, for `vault proof`"],
        ["--stream <name>", "a database from its stream instead, made ready to be started"],
        ["--to <time>", "with --stream: the moment that it is to be as of, or latest"],
        ["--delete", "remove what the snapshot does not have, in folders that are restored"],
      ],
      load: async () => (await import("../vault/restore.ts")).restore,
    },
    {
      name: "check",
      summary: "Say what is damaged or missing at each location, and what could mend it",
      args: [name],
      options: [
        ["--read-data", "read every byte; otherwise names, sizes, indexes and trees"],
        ["--long", "each file, and not how many of a kind"],
      ],
      more: `Exit codes:
  0  every location is sound
  1  something is damaged or missing
  3  nothing is, but a location lags behind or could not be looked at`,
      load: async () => (await import("../vault/check.ts")).check,
    },
    {
      name: "heal",
      summary: "Mend each location from what all of them hold together",
      args: [name],
      options: [
        ["--read-data", "read every byte before; otherwise trees, and what was found damaged"],
        ["--refill <location>", "fill this one, which is empty; look first if its disk is mounted"],
        wait,
      ],
      more: `Exit codes:
  0  everything is as it should be
  1  something could not be mended, or a location could not be reached`,
      load: async () => (await import("../vault/heal.ts")).heal,
    },
    {
      name: "drill",
      summary: "Restore a snapshot into a scratch folder, compare it, and sign what came of it",
      args: [name],
      options: [...chosen, wait],
      more: `Exit codes:
  0  what was restored is as it should be, byte for byte
  1  a location could not restore it so, or the source differs although nothing changed it`,
      load: async () => (await import("../vault/drill.ts")).drill,
    },
    {
      name: "status",
      summary: "What the agent of the vault does, and how the vault is",
      args: [name],
      more: `Exit codes:
  0  an agent protects it
  1  none does, or it cannot: see what it says`,
      load: async () => (await import("../vault/status.ts")).status,
    },
    {
      name: "accept",
      summary: "Let a protected path be gone or changed: what was lost is not restored",
      args: [["<path>", "with all that is below it"]],
      options: [["--for <duration>", "for so long (default: 10m)"]],
      load: async () => (await import("../vault/accept.ts")).accept,
    },
    {
      name: "prune",
      summary: "Forget what no rule of `keep` keeps, and give back its room at every location",
      args: [name],
      options: [
        ["--dry-run", "only say what would go"],
        ["--accept", "forget although a run was suspect or the clock jumped: all is as it should"],
        ["--give-up <ids>", "let go what no location can restore whole; with commas between them"],
        wait,
      ],
      more: `Exit codes:
  0  done
  3  nothing was forgotten because a run was suspect or the clock jumped; or not all is done;
     or contents of a snapshot that stays are lost everywhere
  1  a location is not there: nothing was forgotten or removed`,
      load: async () => (await import("../vault/prune.ts")).prune,
    },
    {
      name: "proof",
      summary: "Prove offline that the audit trail and the drills are as they were signed",
      args: [name],
      options: [
        ["--folder <folder>", "where a copy of the proof lies; default: in the data directory"],
        ["--key <file>", "the public key; default: vault-proof.pub beside it"],
      ],
      load: async () => (await import("../vault/proof.ts")).proof,
    },
    {
      name: "agent",
      summary: "Protect a vault until told to end, as the daemon has it done",
      args: [name],
      isHidden: true,
      options: [
        ["--supervised", "by the fleet as the daemon took it; what is wrong is waited for"],
      ],
      load: async () => (await import("../vault/agent.ts")).agent,
    },
    {
      name: "serve",
      summary: "Serve a folder of repositories to other machines, by restic's REST protocol",
      args: [["<folder>", "where the repositories lie"]],
      options: [
        ["--listen <address>", "HOST:PORT (default: 127.0.0.1:8000)"],
        ["--password-file <file>", "who is let in: one line each, as --make-line writes them"],
        ["--append-only", "nothing is removed or changed, but locks"],
        ["--private", "each user has the repositories below his name, and no others"],
        ["--open", "everybody is let in, from other machines as well"],
        ["--max-size <size>", "of all files together: 500GB"],
        ["--tls-key <file>", "PEM; with --tls-cert"],
        ["--tls-cert <file>", "PEM; with --tls-key"],
        ["--make-line <user>", "only print the line of a user whose password comes on stdin"],
      ],
      load: async () => (await import("../vault/serve.ts")).serve,
    },
  ],
};
