/** Drills of real vaults in folders, and what their proof shows when somebody tampers with it. */
import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { realStage } from "../../src/custodian/drill/drill-stage.ts";
import { type DrilledLocation, drillVault } from "../../src/custodian/drill/drill-vault.ts";
import { openScratchFolder } from "../../src/custodian/drill/scratch-folder.ts";
import { readState } from "../../src/custodian/state-file.ts";
import {
  checkProof,
  openAuditTrail,
  openProofKey,
  publicKeyIn,
} from "../../src/platform/vault-proof/index.ts";
import {
  type DrillBudget,
  type DrillStage,
  drill,
  type FileNode,
  listSnapshots,
  type ReadContent,
  rawPathOfText,
  withSession,
} from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { VaultBench } from "./vault-bench.ts";

interface Scene {
  readonly bench: VaultBench;
  readonly source: string;
  readonly folder: string;
}

const categories = { critical: ["production/**"] };

async function scene(places = 2): Promise<Scene> {
  const root = temporaryFolder("drill");
  const [source, folder] = [join(root, "source"), join(root, "data")];
  mkdirSync(join(source, "production"), { recursive: true });
  mkdirSync(join(source, "empty"));
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(source, "production", "a.db"), randomBytes(3_000_000));
  writeFileSync(join(source, "nothing"), "");
  for (let number = 0; number < 20; number += 1) {
    writeFileSync(join(source, `file-${number}`), randomBytes(10_000 + number));
  }
  const bench = await new VaultBench(places).init();
  await bench.backUp(source);
  return { bench, source, folder };
}

async function drilled(
  { bench, folder }: Scene,
  budget?: DrillBudget,
): Promise<readonly DrilledLocation[]> {
  const { vault } = await bench.open();
  const { signer } = await openProofKey(folder);
  await using trail = await openAuditTrail({ folder, signer, now: Date.now });
  const { signal } = bench;
  return await withSession(vault, { isExclusive: false, signal }, async (session) => {
    const snapshot = (await listSnapshots(session)).at(-1);
    if (snapshot === undefined) throw new Error("there is no snapshot");
    const options = budget === undefined ? {} : { budget };
    const spec = { name: "treasure", categories };
    return await drillVault(session, {
      spec,
      snapshot,
      folder,
      proof: { signer, trail },
      ...options,
    });
  });
}

async function proofOf(folder: string): ReturnType<typeof checkProof> {
  const key = publicKeyIn(readFileSync(join(folder, "vault-proof.pub"), "utf8")) ?? "";
  return await checkProof(folder, key);
}

/** Flips a bit in every pack that holds contents: the largest ones. */
function damageLargestPack(place: string): void {
  const packs = readdirSync(join(place, "data"), { recursive: true, encoding: "utf8" })
    .map((name) => join(place, "data", name))
    .filter((path) => statSync(path).isFile())
    .toSorted((left, right) => statSync(right).size - statSync(left).size);
  const [largest = ""] = packs;
  const bytes = readFileSync(largest);
  bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  rmSync(largest);
  writeFileSync(largest, bytes);
}

describe("a drill", () => {
  it("restores all, compares it with the source as well, and leaves nothing behind", async () => {
    const stage = await scene();
    const [outcome, ...others] = await drilled(stage);
    expect(others).toEqual([]);
    expect(outcome).toMatchObject({
      location: stage.bench.locations[0]?.traits.name,
      scope: "whole",
      isProven: true,
      files: 22,
      comparedFiles: 22,
      differing: 0,
      missing: 0,
      differingBytes: 0,
      findings: [],
    });
    expect(readdirSync(stage.folder).filter((name) => name.startsWith("drill-"))).toEqual([]);
    const proof = await proofOf(stage.folder);
    expect(proof.isWhole).toBe(true);
    expect(proof.lastProven).toMatchObject([{ source: stage.source, report: { files: 22 } }]);
  });

  it("takes each location in its turn", async () => {
    const stage = await scene(3);
    const seen: (string | undefined)[] = [];
    for (let day = 0; day < 4; day += 1) seen.push((await drilled(stage)).at(-1)?.location);
    const names = stage.bench.locations.map(({ traits }) => traits.name);
    expect(seen).toEqual([names[0], names[1], names[2], names[0]]);
  });

  it("says which files a flipped bit took, and asks the next location", async () => {
    const stage = await scene();
    damageLargestPack(stage.bench.folders[0] ?? "");
    const [first, second, ...others] = await drilled(stage);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ isProven: false, missing: 1, differing: 0, files: 21 });
    const [finding] = first?.findings ?? [];
    expect(finding).toMatchObject({ kind: "missing" });
    expect(finding?.path).toContain(stage.source);
    expect(finding?.reason).toContain(stage.bench.locations[0]?.traits.name);
    expect(second).toMatchObject({
      location: stage.bench.locations[1]?.traits.name,
      isProven: true,
      files: 22,
    });
    expect(stage.bench.damage.map(({ location }) => location)).toContain(first?.location);
    const state = await readState(stage.folder, 0);
    expect(state.drills.map(({ isProven }) => isProven)).toEqual([false, true]);
    expect(state.drills[0]?.reason).toContain(finding?.path ?? "no path");
    const { lastProven } = await proofOf(stage.folder);
    expect(lastProven.map(({ report }) => report.location)).toEqual([second?.location]);
  });

  it("D5: compares nothing with a source that was changed since", async () => {
    const stage = await scene();
    const path = join(stage.source, "file-3");
    const { atime, mtime, size } = statSync(path);
    writeFileSync(path, randomBytes(size));
    utimesSync(path, atime, mtime);
    expect(await drilled(stage)).toMatchObject([{ isProven: true, files: 22, comparedFiles: 21 }]);
  });

  it("D1, D2: restores what is critical, and as much else as the budget allows", async () => {
    const stage = await scene(1);
    const budget = { sizeBytes: 3_050_000, files: 10 };
    const [outcome] = await drilled(stage, budget);
    expect(outcome).toMatchObject({ scope: "part", isProven: true, differing: 0 });
    expect(outcome?.sizeBytes).toBeGreaterThanOrEqual(3_000_000);
    expect(outcome?.sizeBytes).toBeLessThanOrEqual(budget.sizeBytes);
    expect(outcome?.files).toBeLessThanOrEqual(budget.files);
  });
});

describe("what is compared", () => {
  async function withStage(stage: Scene, changed: (real: DrillStage) => Partial<DrillStage>) {
    const { vault } = await stage.bench.open();
    const real = realStage(stage.folder);
    const wish = { isExclusive: false, signal: stage.bench.signal };
    return await withSession(vault, wish, async (session) => {
      const snapshot = (await listSnapshots(session)).at(-1);
      if (snapshot === undefined) throw new Error("there is no snapshot");
      return await drill(session, {
        snapshot,
        categoryOf: () => "",
        drilledAt: new Map<string, number>(),
        stage: { ...real, ...changed(real) },
        onOutcome: async () => undefined,
      });
    });
  }

  /** One byte of one file is another one. */
  function flipped(name: string, read: ReadContent): ReadContent {
    return async function* changed(path) {
      for await (const piece of read(path)) {
        const bytes = Uint8Array.from(piece);
        if (path.endsWith(name)) bytes[7] = (bytes[7] ?? 0) ^ 1;
        yield bytes;
      }
    };
  }

  it("D5, D8: a source that has another byte, and the times that it had", async () => {
    const stage = await scene();
    const outcomes = await withStage(stage, ({ readLive }) => ({
      readLive: flipped("file-3", readLive),
    }));
    expect(outcomes).toMatchObject([
      {
        differing: 1,
        missing: 0,
        differingBytes: 1,
        files: 22,
        findings: [{ kind: "source-differs", path: join(stage.source, "file-3") }],
      },
    ]);
  });

  it("D4: a disk that gives back another byte than was written", async () => {
    const stage = await scene();
    const outcomes = await withStage(stage, (real) => ({
      prepare: async () => {
        const scratch = await real.prepare();
        return { ...scratch, read: flipped("file-3", scratch.read) };
      },
    }));
    const expected = {
      differing: 1,
      missing: 0,
      differingBytes: 10_003,
      findings: [{ kind: "differs", path: join(stage.source, "file-3") }],
    };
    expect(outcomes).toMatchObject([expected, expected]);
  });
});

describe("the proof of drills", () => {
  it("names what was edited, cut off, replaced, taken away, or signed by somebody else", async () => {
    const stage = await scene(1);
    await drilled(stage);
    await drilled(stage);
    const { folder } = stage;
    const path = join(folder, "audit.jsonl");
    const trail = readFileSync(path, "utf8");
    const reports = join(folder, "drills");
    const names = readdirSync(reports).toSorted();
    const [older = "", newer = ""] = names.map((name) => readFileSync(join(reports, name), "utf8"));
    const [olderPath = "", newerPath = ""] = names.map((name) => join(reports, name));
    expect((await proofOf(folder)).isWhole).toBe(true);
    const after = async (file: string, text: string | undefined) => {
      const before = readFileSync(file, "utf8");
      if (text === undefined) rmSync(file);
      else writeFileSync(file, text);
      const { isWhole, trail: verified, reports: found } = await proofOf(folder);
      writeFileSync(file, before);
      const kinds = found.map(({ kind }) => kind).toSorted();
      return { isWhole, line: verified.finding?.line, kind: verified.finding?.kind, kinds };
    };
    const sound = { isWhole: false, line: undefined, kind: undefined };
    const edited = trail.replace('"differing":0', '"differing":1');
    expect(await after(path, edited)).toMatchObject({ isWhole: false, line: 1, kind: "edited" });
    const cut = `${trail.split("\n")[0]}\n`;
    expect(await after(path, cut)).toMatchObject({ isWhole: false, kind: "truncated" });
    const changed = newer.replace('"files":22', '"files":99');
    expect(changed).not.toBe(newer);
    expect(await after(newerPath, changed)).toEqual({ ...sound, kinds: ["edited", "missing"] });
    expect(await after(newerPath, older)).toEqual({ ...sound, kinds: ["missing"] });
    expect(await after(olderPath, undefined)).toEqual({ ...sound, kinds: ["missing"] });
    const { signer: stranger } = await openProofKey(temporaryFolder("stranger"));
    const foreign = await checkProof(folder, stranger.publicKey);
    expect(foreign).toMatchObject({ isWhole: false, isHeadWrong: true, lastProven: [] });
    expect(foreign.reports.map(({ kind }) => kind)).toContain("foreign");
    expect((await proofOf(folder)).isWhole).toBe(true);
  });
});

describe("the scratch folder", () => {
  it("is closed to others, and goes with all that it holds when the drill fails", async () => {
    const parent = temporaryFolder("scratch");
    const failing = async (): Promise<void> => {
      await using scratch = await openScratchFolder(parent);
      const [name = ""] = readdirSync(parent);
      expect(statSync(join(parent, name)).mode & 0o777).toBe(0o700);
      const node = { sizeBytes: 3, mtimeNs: 0n } as FileNode;
      const content = pieces("abc");
      expect(await scratch.file(rawPathOfText("/a/b/c"), node, content)).toBeUndefined();
      expect(readFileSync(join(parent, name, "a", "b", "c"), "utf8")).toBe("abc");
      throw new Error("it failed");
    };
    await expect(failing()).rejects.toThrow("it failed");
    expect(readdirSync(parent)).toEqual([]);
  });
});

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
