/** Rotating the log files that a service writes itself. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import { createRotateEffector } from "../../src/targets/files/rotate-effector.ts";
import { temporaryFolder } from "../afterwards.ts";
import { calm, commandOf, containing } from "../conformance/effector.ts";

function run(phase: "precheck" | "act", wish: JsonRecord, protectedPaths: string[] = []) {
  const effector = createRotateEffector({ protectedPaths });
  const parameters = { files: ["logs/*"], keep: 2, ...wish };
  return effector[phase](commandOf(effector, phase, { parameters }), calm());
}

const line = `${"x".repeat(99)}\n`;

test("nothing is lost, generations move up, the oldest goes (O4)", async () => {
  const cwd = temporaryFolder("rotate");
  mkdirSync(join(cwd, "logs"));
  const log = join(cwd, "logs", "app.log");
  let written = "";
  for (let round = 1; round <= 2; round += 1) {
    const text = `${round}${line}`.repeat(300);
    appendFileSync(log, text);
    written += text;
    expect(await run("precheck", { cwd })).toMatchObject({
      kind: "done",
      detail: containing("would rotate 1 file, "),
    });
    expect(await run("act", { cwd })).toMatchObject({
      kind: "done",
      detail: containing("rotated 1 file, "),
    });
    expect(statSync(log).size).toBeLessThanOrEqual(8192);
  }
  const parts = [`${log}.2`, `${log}.1`, log].map((path) => readFileSync(path, "utf8"));
  expect(parts.join("")).toBe(written);
  appendFileSync(log, line.repeat(300));
  await run("act", { cwd });
  expect(readdirSync(join(cwd, "logs")).sort()).toEqual(["app.log", "app.log.1", "app.log.2"]);
});

test("keep 0 empties; small files stay; nothing to do is refused", async () => {
  const cwd = temporaryFolder("rotate");
  mkdirSync(join(cwd, "logs"));
  writeFileSync(join(cwd, "logs", "big.log"), line.repeat(300));
  writeFileSync(join(cwd, "logs", "small.log"), line);
  const wish = { cwd, keep: 0, maxBytes: 10_000 };
  expect(await run("act", wish)).toMatchObject({ detail: containing("1 file, ") });
  expect(statSync(join(cwd, "logs", "big.log")).size).toBeLessThanOrEqual(8192);
  expect(readdirSync(join(cwd, "logs"))).toHaveLength(2);
  expect(await run("precheck", wish)).toMatchObject({
    kind: "refused",
    reason: `nothing to rotate in ${cwd}`,
  });
});

test("links are left alone, folders that others may write are passed over (O1, O2)", async () => {
  const cwd = temporaryFolder("rotate");
  const victim = join(cwd, "victim");
  writeFileSync(victim, line.repeat(300));
  mkdirSync(join(cwd, "logs"));
  symlinkSync(victim, join(cwd, "logs", "link.log"));
  symlinkSync(cwd, join(cwd, "logs", "up"));
  const before = readFileSync(victim, "utf8");
  expect(await run("act", { cwd, files: ["logs/**"] })).toMatchObject({ kind: "done" });
  expect(readFileSync(victim, "utf8")).toBe(before);
  writeFileSync(join(cwd, "logs", "app.log"), line.repeat(300));
  chmodSync(join(cwd, "logs"), 0o777);
  expect(await run("act", { cwd })).toEqual({
    kind: "failed",
    reason: "rotated 0 files, 0 B; 1 could not be rotated (others may write its folder)",
  });
  expect(existsSync(join(cwd, "logs", "app.log.1"))).toBe(false);
});

test("system folders, the data directory and patterns that lead out are refused", async () => {
  const cwd = temporaryFolder("rotate");
  expect(await run("act", { cwd: "/etc", files: ["x"] })).toMatchObject({ kind: "refused" });
  expect(await run("act", { cwd }, [cwd])).toMatchObject({ kind: "refused" });
  expect(await run("act", { cwd, files: ["../*"] })).toMatchObject({ kind: "refused" });
  expect(await run("act", { cwd: join(cwd, "none") })).toMatchObject({ kind: "refused" });
});

test("on a full disk the oldest generations make room; without any it fails (O3)", () => {
  const script = join(import.meta.dirname, "rotate-full-disk.ts");
  const output = execFileSync(
    "unshare",
    ["-rm", process.execPath, script, temporaryFolder("rotate")],
    {
      encoding: "utf8",
    },
  );
  expect(JSON.parse(output)).toEqual({
    done: "done",
    // With room it would have been four: `keep` is 3.
    left: ["app.log", "app.log.1", "app.log.2"],
    failed: { kind: "failed", reason: containing("ENOSPC") },
    leftThen: ["app.log"],
    sizeBytes: 700 * 1024,
    nameless: "done",
    leftLast: ["app.log", "app.log.1", "app.log.2"],
  });
});
