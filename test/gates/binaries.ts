/**
 * The programs of other people that the tests run for real. None is mocked and no test is skipped:
 * what is missing is installed where that is possible, else named with the line that installs it.
 */
import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

export interface Binary {
  readonly command: string;
  /** Where Debian puts it, if not on PATH; `*` stands for one folder, such as that of a version. */
  readonly outsidePath?: string;
  readonly debianPackage: string;
  readonly why: string;
}

export const binaries: readonly Binary[] = [
  { command: "git", debianPackage: "git", why: "the tidy test asks which files are ours" },
  { command: "promtool", debianPackage: "prometheus", why: "checks what /metrics serves" },
  { command: "faketime", debianPackage: "faketime", why: "gives a process a wrong clock" },
  { command: "openssl", debianPackage: "openssl", why: "makes certificates, expired ones too" },
  { command: "prlimit", debianPackage: "util-linux", why: "limits the files of a process" },
  {
    command: "postgres",
    outsidePath: "/usr/lib/postgresql/*/bin",
    debianPackage: "postgresql",
    why: "a database behind a pool that is watched",
  },
  {
    command: "mariadbd",
    outsidePath: "/usr/sbin",
    debianPackage: "mariadb-server",
    why: "a database behind a pool that is watched",
  },
  { command: "pg_dump", debianPackage: "postgresql-client", why: "dumps a database into a vault" },
  { command: "psql", debianPackage: "postgresql-client", why: "loads what was dumped" },
  {
    command: "mariadb-dump",
    debianPackage: "mariadb-client",
    why: "dumps a database into a vault",
  },
  { command: "mariadb", debianPackage: "mariadb-client", why: "loads what was dumped" },
  {
    command: "sshd",
    outsidePath: "/usr/sbin",
    debianPackage: "openssh-server",
    why: "a location of a vault behind SSH",
  },
  {
    command: "sftp-server",
    outsidePath: "/usr/lib/openssh",
    debianPackage: "openssh-sftp-server",
    why: "a location of a vault, without the way there",
  },
  { command: "ssh-keygen", debianPackage: "openssh-client", why: "makes keys for that server" },
  { command: "restic", debianPackage: "restic", why: "reads the repositories that we write" },
  { command: "getfattr", debianPackage: "attr", why: "reads extended attributes of files" },
  { command: "setfattr", debianPackage: "attr", why: "sets extended attributes of files" },
  { command: "setfacl", debianPackage: "acl", why: "gives files the ACLs that are backed up" },
  { command: "perl", debianPackage: "perl-base", why: "sets times to the nanosecond" },
  { command: "python3", debianPackage: "python3-minimal", why: "does so where perl is missing" },
  { command: "xargs", debianPackage: "findutils", why: "hands many paths to getfattr" },
  { command: "mknod", debianPackage: "coreutils", why: "makes pipes and devices" },
  { command: "redis-server", debianPackage: "redis-server", why: "keeps streams and state" },
  { command: "redis-cli", debianPackage: "redis-tools", why: "dumps a server, makes a cluster" },
  { command: "taskset", debianPackage: "util-linux", why: "gives a server a core of its own" },
  { command: "restic", debianPackage: "restic", why: "reads the repositories that we write" },
  { command: "script", debianPackage: "bsdutils", why: "gives a program a terminal" },
  { command: "unshare", debianPackage: "util-linux", why: "gives a test mounts of its own" },
  { command: "vim", debianPackage: "vim", why: "edits files that are not to be healed" },
  { command: "rsync", debianPackage: "rsync", why: "replaces files that are not to be healed" },
  {
    command: "logrotate",
    outsidePath: "/usr/sbin",
    debianPackage: "logrotate",
    why: "empties logs that are not to be healed",
  },
  { command: "zip", debianPackage: "zip", why: "makes an archive to unpack over files" },
  { command: "unzip", debianPackage: "unzip", why: "unpacks over files that are not to be healed" },
  { command: "sqlite3", debianPackage: "sqlite3", why: "works in a database that is protected" },
  { command: "setfattr", debianPackage: "attr", why: "changes what is no content of a file" },
  {
    command: "mkfs.ext4",
    outsidePath: "/usr/sbin",
    debianPackage: "e2fsprogs",
    why: "makes a disk whose bytes a test may flip",
  },
  {
    command: "losetup",
    outsidePath: "/usr/sbin",
    debianPackage: "mount",
    why: "takes the end of a disk away, as bad sectors do",
  },
];

export function missingBinaries(wanted: readonly Binary[], searchPath: string): readonly Binary[] {
  return wanted.filter((binary) => findBinary(binary, searchPath) === undefined);
}

/** The file to start, or undefined. What is on PATH comes first, then the newest version. */
export function findBinary(binary: Binary, searchPath: string): string | undefined {
  const { command, outsidePath = "" } = binary;
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== "");
  return [...folders, ...unfold(outsidePath)]
    .map((folder) => path.join(folder, command))
    .find(isExecutable);
}

function unfold(pattern: string): readonly string[] {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return pattern === "" ? [] : [pattern];
  return namesIn(before)
    .toSorted((a, b) => Number.parseFloat(b) - Number.parseFloat(a))
    .map((name) => path.join(before, name, after));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Not installed.
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there or not ours to run: both mean that the search goes on.
    return false;
  }
}

/** What a person types when we cannot install by ourselves. */
export function installAdvice(missing: readonly Binary[]): string {
  const reasons = missing.map((each) => `  ${each.command}: ${each.why}`).join("\n");
  const packages = packagesOf(missing).join(" ");
  return (
    `The tests need programs that are not installed:\n${reasons}\n` +
    `On Debian or Ubuntu type:\n  sudo apt-get install --no-install-recommends ${packages}\n`
  );
}

export function packagesOf(missing: readonly Binary[]): readonly string[] {
  return [...new Set(missing.map((each) => each.debianPackage))];
}

/** Debian itself and what descends from it, by /etc/os-release. */
export function isDebianLike(osRelease: string): boolean {
  return /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(osRelease);
}

export function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    // No such file on systems that are not Linux; then there is no apt either.
    return "";
  }
}
