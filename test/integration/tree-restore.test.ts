import { Buffer } from "node:buffer";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { timesPrograms } from "../../src/platform/tree/exact-times-programs.ts";
import {
  createRestoreFinisher,
  isLeftover,
  Restorer,
  type RestorerOptions,
} from "../../src/platform/tree/index.ts";
import { type RawPath, rawPathOfBytes, rawPathOfText } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";

const { uid, gid } = lstatSync("/proc/self");
const node = {
  uid,
  gid,
  permissions: 0o640,
  mtimeNs: 1_700_000_000_123_456_789n,
  atimeNs: 1_700_000_000_987_654_321n,
  attributes: [],
  sizeBytes: 5,
};
const raw = rawPathOfText;

function restorerIn(root: string, options: Partial<RestorerOptions> = {}): Restorer {
  const warnings: string[] = [];
  const warn = (message: string): unknown => warnings.push(message);
  const basic = { root: raw(root), tag: "t", overwrite: "not-newer", isDurable: true } as const;
  const restorer = new Restorer({ ...basic, warn, ...options });
  afterwards(() => restorer[Symbol.dispose]());
  return restorer;
}

function write(restorer: Restorer, path: string, content = "hello") {
  const bytes = Buffer.from(content);
  const file = restorer.file(raw(path), { ...node, sizeBytes: bytes.length });
  if (file.kind !== "begun") return file;
  return file.write(0, bytes) ?? file.finish();
}

describe("what lies outside of the root", () => {
  it("is not reached through a link that the tree itself made (1)", async () => {
    const base = temporaryFolder("restore");
    const [root, outside] = [join(base, "root"), join(base, "outside")];
    mkdirSync(root);
    mkdirSync(outside);
    const restorer = restorerIn(root, { overwrite: "always" });
    expect(restorer.link(raw("a"), { ...node, target: raw(outside) }).kind).toBe("done");
    const refused = { kind: "failed", code: "ELOOP" };
    expect(write(restorer, "a/passwd")).toMatchObject(refused);
    expect(restorer.folder(raw("a/b"), node)).toMatchObject(refused);
    expect(restorer.link(raw("a/c"), { ...node, target: raw("x") })).toMatchObject(refused);
    expect(restorer.hardLink(raw("a/d"), node, raw("e"))).toMatchObject(refused);
    expect(await restorer.special(raw("a/f"), { ...node, kind: "fifo" })).toMatchObject(refused);
    expect(write(restorer, "e").kind).toBe("done");
    expect(restorer.hardLink(raw("d"), node, raw("a/e"))).toMatchObject(refused);
    expect(readdirSync(outside)).toEqual([]);
  });

  it("is not changed at the end, by attributes, times or modes", async () => {
    const base = temporaryFolder("restore");
    const [root, outside] = [join(base, "root"), join(base, "outside")];
    mkdirSync(root);
    mkdirSync(outside, { mode: 0o700 });
    writeFileSync(join(outside, "file"), "x", { mode: 0o600 });
    symlinkSync(outside, join(root, "a"));
    symlinkSync(join(outside, "file"), join(root, "b"));
    const before = [lstatSync(outside), lstatSync(join(outside, "file"))];
    for (const program of timesPrograms(process.arch)) {
      using finisher = createRestoreFinisher({
        root: raw(root),
        warn: () => undefined,
        programs: [program],
      });
      const attributes = [{ name: "user.a", value: Buffer.from("x") }];
      const left = { ...node, attributes, permissions: 0o777 };
      const failures = await finisher.takeFiles([
        { ...left, path: raw("a/file") },
        { ...left, path: raw("b") },
      ]);
      const all = [...failures, ...(await finisher.end())];
      expect(all.map(({ path }) => path)).toContain("a/file");
      expect([lstatSync(outside), lstatSync(join(outside, "file"))]).toEqual(before);
    }
  });

  it.each(["../x", "a/../../x", "/etc/x", "", ".", "a//b", "a\0b", "..", "a/."])(
    "is not named: %j (1)",
    (path) => {
      const root = temporaryFolder("restore");
      const restorer = restorerIn(root);
      const refused = { kind: "failed", code: "EINVAL" };
      expect(write(restorer, path)).toMatchObject(refused);
      expect(restorer.folder(raw(path), node)).toMatchObject(refused);
      expect(restorer.link(raw(path), { ...node, target: raw("x") })).toMatchObject(refused);
      expect(readdirSync(root)).toEqual([]);
    },
  );
});

describe("a restored file", () => {
  it("has its old content or its new one, and leaves nothing beside it (2)", () => {
    const root = temporaryFolder("restore");
    writeFileSync(join(root, "f"), "old");
    utimesSync(join(root, "f"), 1, 1);
    const restorer = restorerIn(root);
    const file = restorer.file(raw("f"), node);
    expect(file.kind).toBe("begun");
    if (file.kind !== "begun") return;
    expect(file.write(0, Buffer.from("hel"))).toBeUndefined();
    expect(readFileSync(join(root, "f"), "utf8")).toBe("old");
    expect(readdirSync(root).filter((name) => isLeftover(raw(name)))).toHaveLength(1);
    expect(file.write(4, Buffer.from("lo"))).toMatchObject({ code: "EFBIG" });
    expect(file.write(3, Buffer.from("lo"))).toBeUndefined();
    expect(file.finish().kind).toBe("done");
    expect(readFileSync(join(root, "f"), "utf8")).toBe("hello");
    expect(readdirSync(root)).toEqual(["f"]);
  });

  it("leaves nothing when it is given up", () => {
    const root = temporaryFolder("restore");
    const file = restorerIn(root).file(raw("f"), node);
    expect(file.kind).toBe("begun");
    if (file.kind === "begun") file[Symbol.dispose]();
    expect(readdirSync(root)).toEqual([]);
  });

  it("does not replace what is newer, also when that comes meanwhile (3)", () => {
    const root = temporaryFolder("restore");
    const restorer = restorerIn(root);
    const file = restorer.file(raw("f"), node);
    writeFileSync(join(root, "f"), "newer");
    expect(file.kind === "begun" && file.finish()).toEqual({ kind: "kept" });
    expect(write(restorer, "f")).toEqual({ kind: "kept" });
    expect(restorer.link(raw("f"), { ...node, target: raw("x") })).toEqual({ kind: "kept" });
    expect(readFileSync(join(root, "f"), "utf8")).toBe("newer");
    expect(readdirSync(root)).toEqual(["f"]);
    expect(write(restorerIn(root, { overwrite: "always" }), "f").kind).toBe("done");
    expect(readFileSync(join(root, "f"), "utf8")).toBe("hello");
    expect(write(restorerIn(root, { overwrite: "never" }), "f")).toEqual({ kind: "kept" });
  });

  it("does not take the place of a folder (3)", () => {
    const root = temporaryFolder("restore");
    mkdirSync(join(root, "f"));
    const restorer = restorerIn(root, { overwrite: "always" });
    expect(write(restorer, "f")).toMatchObject({ kind: "failed", code: "EISDIR" });
    expect(readdirSync(root)).toEqual(["f"]);
  });

  it("is its owner's alone until its attributes are there (5)", async () => {
    const root = temporaryFolder("restore");
    const restorer = restorerIn(root);
    const attributes = [{ name: "user.a", value: Buffer.from("x") }];
    const file = restorer.file(raw("f"), { ...node, permissions: 0o666, attributes });
    const outcome = file.kind === "begun" ? file.finish() : file;
    expect(statSync(join(root, "f")).mode & 0o777).toBe(0o600);
    using finisher = createRestoreFinisher({ root: raw(root), warn: () => undefined });
    expect(outcome).toMatchObject({ kind: "done", left: { path: "f" } });
    if (outcome.kind !== "done" || outcome.left === undefined) return;
    expect(await finisher.takeFiles([outcome.left])).toEqual([]);
    expect(await finisher.end()).toEqual([]);
    expect(statSync(join(root, "f")).mode & 0o777).toBe(0o666);
  });
});

it("more folders than are held, and deeper than a path may be, are restored", () => {
  const root = temporaryFolder("restore");
  const restorer = restorerIn(root);
  let path = "";
  for (let depth = 0; depth < 100; depth += 1) {
    path += `${path === "" ? "" : "/"}${"d".repeat(60)}${depth}`;
    expect(restorer.folder(raw(path), node).kind).toBe("done");
  }
  expect(path.length).toBeGreaterThan(4096);
  expect(write(restorer, `${path}/file`)).toMatchObject({ kind: "done" });
  const descriptors = readdirSync("/proc/self/fd").length;
  expect(descriptors).toBeLessThan(200);
});

describe("times to the nanosecond", () => {
  const odd = rawPathOfBytes(Buffer.from([0x61, 0xff, 0x20, 0x0a, 0x62]));
  it.each(timesPrograms(process.arch).map((program) => [program.command, program] as const))(
    "are set by %s",
    async (_, program) => {
      const root = temporaryFolder("restore");
      const restorer = restorerIn(root);
      expect(restorer.folder(raw("d"), node).kind).toBe("done");
      const paths = ["d/f", `d/${odd}`, "g"] as RawPath[];
      const programs = [program];
      const warn = (): void => undefined;
      using finisher = createRestoreFinisher({ root: raw(root), warn, programs });
      for (const path of paths) {
        const file = restorer.file(path, { ...node, mtimeNs: -1n });
        expect(file.kind === "begun" && file.finish().kind).toBe("done");
      }
      const left = { ...node, permissions: undefined, mtimeNs: -1n };
      const gone = { ...left, path: raw("nowhere/x") };
      const all = [...paths.map((path) => ({ ...left, path })), gone, { ...left, path: raw("y") }];
      expect(await finisher.takeFiles(all)).toEqual([]);
      expect(await finisher.end()).toMatchObject([
        { path: "nowhere/x", code: "ENOENT" },
        { path: "y", code: "ENOENT" },
      ]);
      for (const path of paths) {
        const at = Buffer.from(`${root}/${path}`, "latin1");
        const seen = statSync(at, { bigint: true });
        expect([seen.mtimeNs, seen.atimeNs]).toEqual([-1n, node.atimeNs]);
      }
    },
  );

  it("are near, with one warning, where no program sets them", async () => {
    const root = temporaryFolder("restore");
    expect(write(restorerIn(root), "f").kind).toBe("done");
    const warnings: string[] = [];
    using finisher = createRestoreFinisher({
      root: raw(root),
      warn: (message) => warnings.push(message),
      batchMax: 1,
      programs: [{ command: "no-such-program", args: [] }],
      attributeProgram: "no-such-program",
    });
    const acl = { name: "system.posix_acl_access", value: Buffer.from("x") };
    const left = { ...node, path: raw("f"), permissions: 0o674, attributes: [acl] };
    expect(await finisher.takeFiles([left, left])).toEqual([]);
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/no-such-program is missing.*microsecond/);
    const seen = statSync(join(root, "f"), { bigint: true });
    expect(Number(seen.mtimeNs - node.mtimeNs)).toBeLessThan(1000);
    expect(Number(seen.mtimeNs - node.mtimeNs)).toBeGreaterThan(-1000);
    // Without its ACL, what the mode says of the group is not the group's.
    expect(Number(seen.mode) & 0o777).toBe(0o604);
  });
});
