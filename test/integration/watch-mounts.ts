/**
 * Runs in namespaces of its own, so that its mounts and limits vanish with it: watches a tree while
 * folders are mounted into it, over it and taken off, and one beyond the kernel's limit of watches.
 * Prints what was told, step by step: `unshare -rm node watch-mounts.ts FOLDER`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TreeWatch, type WatchEvent, watchTree } from "../../src/platform/watch/index.ts";
import { rawPathOfText } from "../../src/vault/index.ts";
import { until } from "../until.ts";

const base = process.argv[2] ?? "";
const root = join(base, "root");
const mount = (...words: string[]): unknown => execFileSync("mount", words);
const unmount = (path: string): unknown => execFileSync("umount", [path]);

let events: WatchEvent[] = [];
const steps: string[][] = [];

function begin(path: string): Promise<TreeWatch> {
  return watchTree({
    roots: [rawPathOfText(path)],
    exclude: [],
    without: [],
    limits: { debounceMs: 40, maxDelayMs: 300, rootsEveryMs: 50 },
    hear: (event) => void events.push(event),
  });
}

/** Waits for the kinds, and keeps them. */
async function heard(...wanted: readonly string[]): Promise<void> {
  const kinds = (): string[] =>
    events
      .filter((event) => event.kind !== "changed")
      .map((event) => ("reason" in event ? `${event.kind} ${event.reason}` : event.kind));
  await until(() => wanted.every((kind) => kinds().includes(kind)), { seen: kinds });
  steps.push(kinds());
  events = [];
}

/** A file made in one folder is told of another one, which shows the same. */
async function toldOf(folder: string, madeIn = folder): Promise<void> {
  writeFileSync(join(madeIn, "file"), "x");
  const isTold = (event: WatchEvent): boolean =>
    event.kind === "changed" && event.folders.includes(rawPathOfText(folder));
  await until(() => events.some(isTold), { what: folder, seen: () => events });
  events = [];
}

for (const path of ["root/bind", "root/tmpfs", "elsewhere/deep"]) {
  mkdirSync(join(base, path), { recursive: true });
}
mount("--bind", join(base, "elsewhere"), join(root, "bind"));
{
  await using _ = await begin(root);
  await heard("reconcile start");
  await toldOf(join(root, "bind", "deep"), join(base, "elsewhere", "deep"));
  mount("-t", "tmpfs", "none", join(root, "tmpfs"));
  await heard("reconcile mounts");
  mkdirSync(join(root, "tmpfs", "new"));
  await toldOf(join(root, "tmpfs"));
  await toldOf(join(root, "tmpfs", "new"));
  unmount(join(root, "tmpfs"));
  await heard("reconcile mounts");
  await toldOf(join(root, "tmpfs"));
  mount("-t", "tmpfs", "none", root);
  await heard("gone", "back", "reconcile back");
  await toldOf(root);
  unmount(root);
  await heard("gone", "back", "reconcile back");
  await toldOf(join(root, "bind", "deep"));
}
for (let index = 0; index < 100; index += 1) {
  mkdirSync(join(base, "many", `folder-${index}`), { recursive: true });
}
writeFileSync("/proc/sys/user/max_inotify_watches", "40");
events = [];
await using watch = await begin(join(base, "many"));
const scanning = events.find((event) => event.kind === "scanning");
const figures = await watch.figures();
process.stdout.write(JSON.stringify({ steps, scanning, figures }));
