import { expect, test } from "vitest";
import { type FileName, pathOfFile } from "../../vault/index.ts";
import { type Disk, type DiskEntry, DiskError } from "./disk.ts";
import { FolderLocation } from "./folder-location.ts";
import { isTemporaryName } from "./temporary-name.ts";

const { signal } = new AbortController();
const snapshot = { kind: "snapshot", id: "ab".repeat(32) } as const;
const config = { kind: "config", id: "" } as const;

/** A disk that notes what is asked of it; temporary names are told as such. */
class NotingDisk implements Disk {
  readonly notes: string[] = [];
  /** What does not work. */
  broken = "";
  readonly listed: DiskEntry[] = [];

  async #note(what: string, ...paths: readonly string[]): Promise<void> {
    const told = paths.map((path) => path.replace(/-tmp-[0-9a-f]{16}$/, " (not yet)"));
    this.notes.push([what, ...told].join(" "));
    if (what === this.broken) throw new DiskError("full", "no room");
  }

  makeFolder = (path: string): Promise<void> => this.#note("make", path);
  syncFolder = (path: string): Promise<void> => this.#note("sync", path);
  entries: Disk["entries"] = async (_, __, wanted) =>
    this.listed.filter(({ name }) => wanted(name));
  size = async (): Promise<undefined> => undefined;
  read = async (): Promise<Uint8Array> => new Uint8Array();
  write = (path: string): Promise<void> => this.#note("write", path);
  rename = (from: string, to: string): Promise<void> => this.#note("rename", from, to);
  claim = (from: string, to: string): Promise<void> => this.#note("claim", from, to);
  unlink = (path: string): Promise<void> => this.#note("unlink", path);
  async [Symbol.asyncDispose](): Promise<void> {}
}

function locationOn(disk: Disk, isAppendOnly = false): FolderLocation {
  const traits = { name: "file:/v", region: "", isAppendOnly };
  const wallMs = (): number => 10 * 86_400_000;
  return new FolderLocation(disk, { root: "/v", traits, limitMs: 60_000, wallMs });
}

function put(disk: Disk, file: FileName): Promise<void> {
  return locationOn(disk).put(file, [new Uint8Array(9)], signal);
}

test("F1: a file is written beside its place, then has its name, then its folder is synced", async () => {
  const disk = new NotingDisk();
  await put(disk, snapshot);
  const path = `/v/${pathOfFile(snapshot)}`;
  expect(disk.notes).toEqual([
    `write ${path} (not yet)`,
    `rename ${path} (not yet) ${path}`,
    "sync /v/snapshots",
  ]);
  disk.notes.length = 0;
  // Of two who make a vault at once one has to hear of the other.
  await put(disk, config);
  expect(disk.notes).toEqual([
    "write /v/config (not yet)",
    "claim /v/config (not yet) /v/config",
    "sync /v",
  ]);
});

test.each(["write", "rename"])(
  "F1: where it comes to no end (%s), nothing is left of it",
  async (step) => {
    const disk = new NotingDisk();
    disk.broken = step;
    await expect(put(disk, snapshot)).rejects.toMatchObject({ kind: "full" });
    expect(disk.notes.at(-1)).toBe(`unlink /v/${pathOfFile(snapshot)} (not yet)`);
  },
);

test("F1: what an old kill left goes with a list, but where one only appends", async () => {
  const name = `${snapshot.id}-tmp-0123456789abcdef`;
  expect(isTemporaryName(name)).toBe(true);
  for (const [isAppendOnly, ageDays, isGone] of [
    [false, 2, true],
    [false, 0.5, false],
    [true, 2, false],
  ] as const) {
    const disk = new NotingDisk();
    disk.listed.push({ name, isFile: true, sizeBytes: 9, changedAt: (10 - ageDays) * 86_400_000 });
    const location = locationOn(disk, isAppendOnly);
    for await (const file of location.list("snapshot", signal)) expect(file).toBeUndefined();
    expect(disk.notes.length > 0).toBe(isGone);
  }
});

test("what only appends replaces nothing", async () => {
  const disk = new NotingDisk();
  const replaced = locationOn(disk, true).replace(snapshot, [new Uint8Array(9)], signal);
  await expect(replaced).rejects.toMatchObject({ kind: "read-only" });
  expect(disk.notes).toEqual([]);
});
