/**
 * What git knows, before and after something vanished: where it stands, and which paths it expects
 * in the work tree. Git itself is asked, for only it reads all of its own formats.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { GitFacts, GitMark } from "../../vault/index.ts";

/** A repository at one moment; paths are relative to its work tree, one character a byte. */
export interface GitState {
  readonly workTree: string;
  readonly gitFolder: string;
  readonly mark: GitMark;
  readonly known: ReadonlySet<string>;
  /** Without what a sparse checkout leaves out. */
  readonly expected: ReadonlySet<string>;
}

export interface GitLimits {
  readonly timeoutMs: number;
  readonly outputBytes: number;
}

const defaultLimits: GitLimits = { timeoutMs: 30_000, outputBytes: 256 * 1024 * 1024 };
const run = promisify(execFile);

/** Undefined when there is no repository, or none that git can read. */
export async function readGitState(
  workTree: string,
  limits: GitLimits = defaultLimits,
): Promise<GitState | undefined> {
  const gitFolder = (await ask(workTree, ["rev-parse", "--absolute-git-dir"], limits))?.trim();
  const files = gitFolder === undefined ? undefined : filesOf(gitFolder);
  if (gitFolder === undefined || files === undefined) return undefined;
  const listed = await ask(workTree, ["ls-files", "-t", "-z"], limits);
  if (listed === undefined) return undefined;
  const rows = listed.split("\0").filter((row) => row !== "");
  return {
    workTree,
    gitFolder,
    mark: {
      ...files,
      commit: (await ask(workTree, ["rev-parse", "-q", "--verify", "HEAD"], limits))?.trim() ?? "",
      stash:
        (await ask(workTree, ["rev-parse", "-q", "--verify", "refs/stash"], limits))?.trim() ?? "",
    },
    known: new Set(rows.map((row) => row.slice(2))),
    expected: new Set(rows.filter((row) => !row.startsWith("S")).map((row) => row.slice(2))),
  };
}

/** Undefined: a repository that goes while it is looked at, or that nobody can read. */
function filesOf(gitFolder: string): Pick<GitMark, "head" | "logBytes"> | undefined {
  try {
    return {
      head: readFileSync(join(gitFolder, "HEAD"), "latin1").trim(),
      logBytes: statSync(join(gitFolder, "logs/HEAD"), { throwIfNoEntry: false })?.size ?? 0,
    };
  } catch {
    return undefined;
  }
}

/**
 * Of all paths of one burst together, for each look starts several programs.
 *
 * @param paths relative to the work tree
 */
export async function gitFactsOf(
  before: GitState,
  paths: readonly string[],
  limits: GitLimits = defaultLimits,
): Promise<ReadonlyMap<string, GitFacts>> {
  const now = await readGitState(before.workTree, limits);
  const stashed = now === undefined ? new Set<string>() : await newlyStashed(before, now, limits);
  const isInside = paths.some((path) => path.startsWith(".git/"));
  const isSound = isInside ? await isStillSound(before, now, limits) : undefined;
  const isBusy = existsSync(join(before.gitFolder, "index.lock"));
  return new Map(
    paths.map((path) => [
      path,
      {
        before: before.mark,
        now: now?.mark,
        wasHeld: holds(before.known, path) || holds(stashed, path),
        isHeld: now === undefined ? undefined : holds(now.expected, path),
        isBusy,
        isSound,
      },
    ]),
  );
}

/** The path, or as a folder something below it: git takes a folder away with its last file. */
function holds(paths: ReadonlySet<string>, path: string): boolean {
  if (paths.has(path)) return true;
  for (const each of paths) if (each.startsWith(`${path}/`)) return true;
  return false;
}

/** What a stash made since holds; its third parent is what git did not know. */
async function newlyStashed(
  before: GitState,
  now: GitState,
  limits: GitLimits,
): Promise<ReadonlySet<string>> {
  if (now.mark.stash === "" || now.mark.stash === before.mark.stash) return new Set();
  const trees = ["refs/stash", "refs/stash^3"].map((tree) =>
    ask(now.workTree, ["ls-tree", "-r", "-z", "--name-only", tree], limits),
  );
  const names = (await Promise.all(trees)).flatMap((listed) => listed?.split("\0") ?? []);
  return new Set(names.filter((name) => name !== ""));
}

/** All that its references need is there, HEAD among them when it had a commit before. */
async function isStillSound(
  before: GitState,
  now: GitState | undefined,
  limits: GitLimits,
): Promise<boolean> {
  if (now === undefined || (before.mark.commit !== "" && now.mark.commit === "")) return false;
  const check = ["fsck", "--connectivity-only", "--no-dangling", "--no-progress"];
  return (await ask(now.workTree, check, limits)) !== undefined;
}

/** What git prints; undefined when it fails, is not installed, or takes too long. */
async function ask(
  workTree: string,
  words: readonly string[],
  { timeoutMs, outputBytes }: GitLimits,
): Promise<string | undefined> {
  // Of the repository's own settings, none may start a program of theirs; no lock is taken.
  const guards = ["-c", "core.fsmonitor=false", "-c", `safe.directory=${workTree}`];
  try {
    const { stdout } = await run("git", [...guards, "-C", workTree, ...words], {
      encoding: "latin1",
      timeout: timeoutMs,
      maxBuffer: outputBytes,
      env: {
        ...process.env,
        GIT_OPTIONAL_LOCKS: "0",
        GIT_CEILING_DIRECTORIES: join(workTree, ".."),
      },
    });
    return stdout;
  } catch {
    // Told by the caller as what cannot be known.
    return undefined;
  }
}
