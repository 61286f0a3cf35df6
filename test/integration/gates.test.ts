/** The gates themselves: they must not call anything a success that did not happen. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { chmod, mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Binary,
  findBinary,
  installAdvice,
  isDebianLike,
  missingBinaries,
} from "../gates/binaries.ts";
import { root, runChild } from "../gates/child.ts";
import { countsOfReport, sum } from "../gates/counts.ts";
import { lineOf, listTests } from "../gates/left-out.ts";
import { chosenSteps, isOpenTo, scriptOf, steps } from "../gates/steps.ts";

function reportOf(...files: readonly { status: string; tests: readonly string[] }[]): string {
  return JSON.stringify({
    testResults: files.map(({ status, tests }) => ({
      status,
      assertionResults: tests.map((each) => ({ status: each })),
    })),
  });
}

describe("counting", () => {
  it("counts what passed and what failed", () => {
    const report = reportOf({ status: "failed", tests: ["passed", "failed", "passed"] });
    expect(countsOfReport(report, 1)).toEqual({ passed: 2, failed: 1 });
  });

  it.each(["skipped", "pending", "todo", "disabled"])("a %s test has failed", (status) => {
    const report = reportOf({ status: "passed", tests: ["passed", status] });
    expect(countsOfReport(report, 0)).toEqual({ passed: 1, failed: 1 });
  });

  it("a file that cannot be loaded has failed", () => {
    const report = reportOf(
      { status: "failed", tests: [] },
      { status: "passed", tests: ["passed"] },
    );
    expect(countsOfReport(report, 1)).toEqual({ passed: 1, failed: 1 });
  });

  it("no tests, no report and a bad exit code are failures", () => {
    expect(countsOfReport(reportOf(), 0)).toEqual({ passed: 0, failed: 1 });
    expect(countsOfReport(undefined, 0)).toEqual({ passed: 0, failed: 1 });
    const report = reportOf({ status: "passed", tests: ["passed"] });
    expect(countsOfReport(report, 1)).toEqual({ passed: 1, failed: 1 });
  });

  it("adds up", () => {
    const counts = [
      { passed: 1, failed: 2 },
      { passed: 3, failed: 4 },
    ];
    expect(sum(counts)).toEqual({ passed: 4, failed: 6 });
    expect(sum([])).toEqual({ passed: 0, failed: 0 });
  });
});

describe("steps", () => {
  const privileged = { name: "privileged", kind: "project", needsRoot: true } as const;

  it("are chosen by name, in their own order", () => {
    expect(chosenSteps([], false)).toEqual(steps);
    expect(chosenSteps(["unit", "format"]).map((step) => step.name)).toEqual(["format", "unit"]);
    expect(() => chosenSteps(["unti"])).toThrow('There is no step "unti". The steps are: format,');
  });

  it("that need root are left out for others, who are refused when they ask for them by name", () => {
    expect(steps.filter((step) => !isOpenTo(step, false))).toEqual([privileged]);
    expect(steps.filter((step) => !isOpenTo(step, true))).toEqual([]);
    expect(() => chosenSteps(["unit", "privileged"], false)).toThrow("needs root");
    expect(chosenSteps(["privileged"], true)).toEqual([privileged]);
  });

  it("what is left out is counted test by test, each row of a table too, and nothing is no count", async () => {
    const listed = (await listTests(privileged)) ?? "[]";
    expect(listed).toContain("is refused to root: a link to it");
    const files = readdirSync(path.join(root, "test/privileged"));
    const count = files.filter((name) => name.endsWith(".test.ts")).length;
    const line = new RegExp(
      `^left out: \\d\\d+ tests in ${count} files of test/privileged need root$`,
    );
    expect(lineOf(privileged, listed)).toMatch(line);
    expect(lineOf(privileged, "[]")).toBeUndefined();
  });

  it("every gate is a script of package.json", async () => {
    const { default: manifest } = (await import("../../package.json", {
      with: { type: "json" },
    })) as { default: { scripts: Record<string, string> } };
    for (const step of steps.filter((each) => each.kind === "gate")) {
      expect(manifest.scripts).toHaveProperty([scriptOf(step)]);
    }
  });

  it("every project has tests", () => {
    const { stdout } = spawnSync(
      process.execPath,
      [path.join(root, "node_modules/vitest/vitest.mjs"), "list", "--filesOnly", "--json"],
      { cwd: root, encoding: "utf8" },
    );
    const listed = JSON.parse(stdout) as readonly { projectName: string }[];
    const projects = steps.filter((step) => step.kind === "project").map((step) => step.name);
    expect(new Set(listed.map((each) => each.projectName))).toEqual(new Set(projects));
  });

  it("a step that nobody knows is never a success", () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [path.join(root, "test", "run.ts"), "no-such-step"],
      { encoding: "utf8" },
    );
    expect(status).not.toBe(0);
    expect(stdout).not.toContain("0 failed");
  });
});

describe("binaries", () => {
  const wanted: readonly Binary[] = [
    { command: "here", debianPackage: "one", why: "is there" },
    { command: "not-here", debianPackage: "two", why: "is not there" },
    { command: "not-ours", debianPackage: "two", why: "cannot be run" },
  ];

  it("are looked for on the search path, executable files only", async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), "soulmirror-gates-"));
    await writeFile(path.join(folder.path, "here"), "#!/bin/sh\n", { mode: 0o755 });
    await writeFile(path.join(folder.path, "not-ours"), "text");
    await chmod(path.join(folder.path, "not-ours"), 0o644);
    const missing = missingBinaries(wanted, ["/nowhere", folder.path].join(path.delimiter));
    expect(missing.map((each) => each.command)).toEqual(["not-here", "not-ours"]);
  });

  it("are looked for where Debian puts them, too, the newest version first", async () => {
    await using folder = await mkdtempDisposable(path.join(tmpdir(), "soulmirror-gates-"));
    for (const version of ["9", "15", "9.6"]) {
      const place = path.join(folder.path, version, "bin");
      await mkdir(place, { recursive: true });
      await writeFile(path.join(place, "server"), "#!/bin/sh\n", { mode: 0o755 });
    }
    const outsidePath = path.join(folder.path, "*", "bin");
    const server: Binary = { command: "server", outsidePath, debianPackage: "one", why: "a test" };
    expect(findBinary(server, "/nowhere")).toBe(path.join(folder.path, "15", "bin", "server"));
    const onPath = path.join(folder.path, "9", "bin");
    expect(findBinary(server, onPath)).toBe(path.join(onPath, "server"));
    expect(missingBinaries([server], "/nowhere")).toEqual([]);
    const gone: Binary = { ...server, outsidePath: path.join(folder.path, "*", "sbin") };
    expect(missingBinaries([gone], "/nowhere")).toEqual([gone]);
  });

  it("the advice names each reason, and each package once", () => {
    const advice = installAdvice(wanted.slice(1));
    expect(advice).toContain("not-here: is not there");
    expect(advice).toMatch(/sudo apt-get install --no-install-recommends two\n/);
  });

  it("knows Debian and its children", () => {
    expect(isDebianLike("NAME=x\nID=debian\n")).toBe(true);
    expect(isDebianLike('ID=linuxmint\nID_LIKE="ubuntu debian"\n')).toBe(true);
    expect(isDebianLike("ID=fedora\nHOME=debian\n")).toBe(false);
  });
});

describe("running a program", () => {
  it("tells its exit code, a death by signal, and that it is not there", async () => {
    const node = process.execPath;
    expect(await runChild([node, "-e", "process.exit(3)"])).toBe(3);
    expect(await runChild([node, "-e", "process.kill(process.pid, 'SIGKILL')"])).toBe(128);
    expect(await runChild(["no-such-program-anywhere"])).toBe(127);
  });
});
