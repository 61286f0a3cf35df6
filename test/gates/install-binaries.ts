/**
 * Installs missing programs with apt, as root on Debian or Ubuntu only.
 *
 * 1. No installed package starts a service of its own: the tests start their servers themselves.
 *    Debian asks `policy-rc.d` before a package starts one; ours says no while we install, and is
 *    taken away afterwards. One that somebody else has put there is left alone.
 * 2. Another apt that is at work is waited for, not fought.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import {
  type Binary,
  binaries,
  installAdvice,
  isDebianLike,
  missingBinaries,
  packagesOf,
  readOsRelease,
} from "./binaries.ts";
import { runChild } from "./child.ts";

const policyPath = "/usr/sbin/policy-rc.d";
const policy =
  "#!/bin/sh\n# Written for the time of one installation by the tests of SoulMirror.\nexit 101\n";
const lockWaitSeconds = 300;

/** False when something is still missing; the reader has been told what to type. */
export async function provideBinaries(): Promise<boolean> {
  const missing = missingBinaries(binaries, process.env["PATH"] ?? "");
  if (missing.length === 0) return true;
  if (process.getuid?.() === 0 && isDebianLike(readOsRelease())) await install(missing);
  const left = missingBinaries(binaries, process.env["PATH"] ?? "");
  if (left.length > 0) console.error(installAdvice(left));
  return left.length === 0;
}

async function install(missing: readonly Binary[]): Promise<void> {
  const packages = packagesOf(missing);
  console.log(`installing what the tests need: ${packages.join(" ")}`);
  const allowAgain = forbidServices();
  try {
    // A fresh machine has no package lists, an old one has lists that name files of the past.
    await apt(["update"]);
    await apt(["install", "-y", "--no-install-recommends", ...packages]);
  } finally {
    allowAgain();
  }
}

async function apt(args: readonly string[]): Promise<number> {
  const quiet = ["-q", "-o", `DPkg::Lock::Timeout=${lockWaitSeconds}`];
  return runChild(["apt-get", ...quiet, ...args], { DEBIAN_FRONTEND: "noninteractive" });
}

function allowServices(): void {
  rmSync(policyPath, { force: true });
}

function forbidServices(): () => void {
  try {
    writeFileSync(policyPath, policy, { mode: 0o755, flag: "wx" });
    return allowServices;
  } catch (error) {
    if (!isNodeError(error) || error.code !== "EEXIST") throw error;
    // Ours, left by a run that was killed, or the policy of this machine.
    return readFileSync(policyPath, "utf8") === policy ? allowServices : () => undefined;
  }
}

function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}
