/** The scripts that complete a command line; that for bash is run by bash. */
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CliBench } from "./cli-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

describe("completion", () => {
  it("completes commands and their choices in bash", async () => {
    const { out } = await bench.run("completion", "bash");
    await bench.write("completion.bash", out);
    const complete = (...words: readonly string[]): string[] => {
      const program = `source completion.bash
COMP_WORDS=(soulmirror ${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length}; _soulmirror; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = spawnSync("bash", ["-c", program], {
        cwd: bench.folder,
        encoding: "utf8",
      });
      return stdout.trim().split("\n");
    };
    expect(complete("sta")).toEqual(["status", "start"]);
    expect(complete("db", "d")).toEqual(["down"]);
    expect(complete("up", "--f")).toEqual(["--foreground"]);
    expect(complete("-c", "x.yaml", "val")).toEqual(["validate"]);
    expect(complete("vault", "b")).toEqual(["backup", "browse"]);
    expect(complete("vault", "backup", "--ta")).toEqual(["--tag"]);
    expect(complete("vault", "init", "--ta")).toEqual([""]);
  });

  it.each(["zsh", "fish"])("writes a script for %s that names every command", async (shell) => {
    const { code, out } = await bench.run("completion", shell);
    expect(code).toBe(0);
    for (const name of ["up", "status", "audit", "doctor"]) expect(out).toContain(name);
  });
});
