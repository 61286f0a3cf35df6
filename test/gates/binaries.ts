/**
 * The programs of other people that the tests run for real. None is mocked and no test is skipped:
 * what is missing is installed where that is possible, else named with the line that installs it.
 */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import path from "node:path";

export interface Binary {
  readonly command: string;
  readonly debianPackage: string;
  readonly why: string;
}

export const binaries: readonly Binary[] = [
  { command: "git", debianPackage: "git", why: "the tidy test asks which files are ours" },
  { command: "promtool", debianPackage: "prometheus", why: "checks what /metrics serves" },
  { command: "faketime", debianPackage: "faketime", why: "gives a process a wrong clock" },
  { command: "openssl", debianPackage: "openssl", why: "makes certificates, expired ones too" },
  { command: "prlimit", debianPackage: "util-linux", why: "limits the files of a process" },
  { command: "redis-server", debianPackage: "redis-server", why: "keeps streams and state" },
  { command: "unshare", debianPackage: "util-linux", why: "gives a test mounts of its own" },
];

export function missingBinaries(wanted: readonly Binary[], searchPath: string): readonly Binary[] {
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== "");
  return wanted.filter(
    ({ command }) => !folders.some((folder) => isExecutable(path.join(folder, command))),
  );
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
