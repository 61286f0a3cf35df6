/** Commands as remedies, on real programs. */
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import { quote } from "../../src/kernel/index.ts";
import { isAlive, listProcesses, processIdentity } from "../../src/system/index.ts";
import { createCommandEffector } from "../../src/targets/command/effectors.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { calm, commandOf, containing } from "../conformance/effector.ts";
import { found, until } from "../until.ts";

function folder(): string {
  const path = temporaryFolder("command");
  afterwards(() => {
    // Only a failed test leaves any: those that still stand in this folder.
    for (const { pid } of listProcesses()) {
      if (folderOf(pid) === path) process.kill(pid, "SIGKILL");
    }
  });
  return path;
}

function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Gone, or somebody else's.
    return undefined;
  }
}

const effector = createCommandEffector({
  environment: { ...process.env, LANG: "C.UTF-8", TZ: "UTC", DATABASE_PASSWORD: "hunter2hunter2" },
});
const defaults = { timeoutMs: 20_000 };

function act(parameters: JsonRecord, signal: AbortSignal = calm()) {
  const given = { ...defaults, ...parameters };
  return effector.act(commandOf(effector, "act", { parameters: given }), signal);
}

function precheck(parameters: JsonRecord) {
  const given = { ...defaults, ...parameters };
  return effector.precheck(commandOf(effector, "precheck", { parameters: given }), calm());
}

const sh = (script: string): string[] => ["sh", "-c", script];

describe("the environment", () => {
  test("holds four names of ours, the declared ones and the resource, no secret (C1)", async () => {
    const result = await act({ command: ["env"], env: { COLOUR: "blue" } });
    const detail = result.kind === "done" ? result.detail : "";
    const names = new Set([...detail.matchAll(/^(\w+)=/gm)].map((found) => found[1]));
    const expected = ["COLOUR", "HOME", "LANG", "PATH", "SOULMIRROR_RESOURCE", "TZ"];
    expect(names).toEqual(new Set(expected));
    expect(detail).toContain("SOULMIRROR_RESOURCE=service/shop");
    expect(detail).not.toContain("hunter2");
  });

  test("a declared secret that the command prints is masked", async () => {
    const env = { API_TOKEN: "s3cr3t-t0ken", PLACE: "somewhere" };
    const named = { env: { PLACE: "in-the-vault" }, secretEnv: ["PLACE"] };
    expect(await act({ command: sh('echo "$PLACE"'), ...named })).toMatchObject({
      detail: "sh ended with exit code 0\n***",
    });
    const good = await act({ command: sh('echo "$API_TOKEN at $PLACE"'), env });
    expect(good).toMatchObject({ detail: "sh ended with exit code 0\n*** at somewhere" });
    const long = await act({ command: sh("printf '%0490d ' 0; echo $API_TOKEN"), env });
    expect(long.kind === "done" && long.detail.endsWith("0 ***")).toBe(true);
    const bad = await act({ command: sh('echo "$API_TOKEN" >&2; exit 1'), env });
    expect(bad).toMatchObject({ reason: `sh ended with exit code 1: ${quote("***")}` });
  });

  test("nothing goes through a shell", async () => {
    const result = await act({ command: ["echo", "$HOME; exit 3", "`id`"] });
    expect(result).toMatchObject({ detail: containing("$HOME; exit 3 `id`") });
  });
});

describe("the end", () => {
  test("a failure names the exit code and the last line; a signal is named (C3)", async () => {
    expect(await act({ command: sh("echo one; echo two >&2; exit 7") })).toEqual({
      kind: "failed",
      reason: `sh ended with exit code 7: ${quote("two")}`,
    });
    expect(await act({ command: sh("kill -TERM $$") })).toEqual({
      kind: "failed",
      reason: "sh was ended by SIGTERM",
    });
  });

  test("of much output only the end is kept", async () => {
    const script = 'for (let n = 0; n < 40000; n += 1) console.log("line " + n)';
    const result = await act({ command: [process.execPath, "-e", script] });
    const lines = result.kind === "done" ? result.detail.split("\n") : [];
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe("line 39999");
    const long = await act({ command: [process.execPath, "-e", "console.log('é'.repeat(1e6))"] });
    expect(long.kind === "done" && long.detail.length).toBeLessThan(17_000);
  });

  test("half a secret is masked where the beginning of the output was cut off", async () => {
    const script = "printf %s $DB_PASSWORD; head -c 16378 /dev/zero | tr '\\0' x";
    const result = await act({ command: sh(script), env: { DB_PASSWORD: "hunter2hunter2" } });
    const said = result.kind === "done" ? result.detail.split("\n").at(-1) : "";
    expect(said).toMatch(/^\.{3}\*{3}x+\.{3}$/);
  });

  test("the time limit kills the whole group, also those that ignore SIGTERM", async () => {
    const cwd = folder();
    const script =
      "trap '' TERM; sleep 600 & echo $! > child; echo $$ > leader; echo up; wait; wait";
    const result = await act({ command: sh(script), cwd, timeoutMs: 300 });
    const reason = `sh was not done after 300 ms and was killed: ${quote("up")}`;
    expect(result).toMatchObject({ reason });
    await gone(cwd, "leader", "child");
  });

  test("an abort kills the whole group, also a stopped one", async () => {
    const cwd = folder();
    const script = "sleep 600 & echo $! > child; echo $$ > leader; kill -STOP $$";
    const controller = new AbortController();
    const result = act({ command: sh(script), cwd, timeoutMs: 600_000 }, controller.signal);
    await pidIn(join(cwd, "leader"));
    controller.abort();
    expect(await result).toMatchObject({ reason: "sh was killed at the deadline of its step" });
    await gone(cwd, "leader", "child");
  });

  test("what a finished command leaves in its group is ended with it (R3)", async () => {
    const cwd = folder();
    const result = await act({ command: sh("sleep 600 & echo $! > child; echo started"), cwd });
    expect(result).toMatchObject({ kind: "done", detail: containing("started") });
    await gone(cwd, "child");
  });

  test("what has a session of its own lives on, and does not hold us (R3, R5)", async () => {
    const cwd = folder();
    // It keeps our pipe open all the time.
    const script = "setsid sh -c 'echo $$ > child; exec sleep 600' & sleep 0.3; echo started";
    const result = await act({ command: sh(script), cwd });
    const identity = processIdentity(await pidIn(join(cwd, "child")));
    expect(result).toMatchObject({ kind: "done", detail: containing("started") });
    expect(identity && isAlive(identity)).toBe(true);
  });

  test("what cannot be started is refused: nothing was done (C3)", async () => {
    const cwd = folder();
    expect(await act({ command: ["./nothing"], cwd })).toMatchObject({ kind: "refused" });
    expect(await act({ command: ["echo", "a\0b"] })).toMatchObject({ kind: "refused" });
    expect(await act({ command: ["true"], cwd: join(cwd, "none") })).toMatchObject({
      kind: "refused",
      reason: containing("could not be started"),
    });
  });
});

describe("precheck", () => {
  test("finds programs by path, by PATH and below the folder, and asks for the undo too (C2)", async () => {
    const cwd = folder();
    mkdirSync(join(cwd, "bin"));
    writeFileSync(join(cwd, "bin", "heal"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(cwd, "bin", "text"), "", { mode: 0o644 });
    const yes: JsonRecord[] = [
      { command: ["true"] },
      { command: [process.execPath] },
      { command: ["bin/heal"], cwd },
      { command: ["heal"], env: { PATH: join(cwd, "bin") } },
    ];
    const no: JsonRecord[] = [
      { command: ["heal"] },
      { command: ["bin/text"], cwd },
      { command: ["./bin"], cwd },
      { command: [""] },
      { command: ["true"], undo: ["no-such-program"] },
      { command: ["true"], cwd: join(cwd, "none") },
      { command: ["true"], cwd: join(cwd, "bin", "text") },
    ];
    for (const each of yes) expect(await precheck(each)).toMatchObject({ kind: "done" });
    for (const each of no) expect(await precheck(each)).toMatchObject({ kind: "refused" });
  });

  test("tells the program, and none of its arguments (C5)", async () => {
    const command = sh("curl -H 'Key: hunter2hunter2' http://127.0.0.1/");
    expect(await precheck({ command })).toEqual({ kind: "done", detail: "would run sh" });
  });
});

describe("undo", () => {
  test("runs the declared command in its folder; the record is a mere mark (C4)", async () => {
    const cwd = folder();
    const parameters = {
      command: sh("echo on > state"),
      undo: sh('echo "off $WHO" > state'),
      cwd,
      env: { WHO: "me" },
      ...defaults,
    };
    const done = await act(parameters);
    const undo = done.kind === "done" ? done.undo : undefined;
    expect(undo).toEqual({ ran: true });
    const result = await effector.undo?.(commandOf(effector, "undo", { parameters, undo }), calm());
    expect(result).toMatchObject({ kind: "done" });
    expect(readFileSync(join(cwd, "state"), "utf8")).toBe("off me\n");
  });

  test("without one nothing is recorded", async () => {
    expect(await act({ command: ["true"] })).not.toHaveProperty("undo");
  });
});

function pidIn(path: string): Promise<number> {
  // Not written yet, or not whole.
  return found(() => (existsSync(path) && Number(readFileSync(path, "utf8"))) || undefined);
}

/** A killed grandchild may wait for its new parent a moment: dead is what /proc calls dead. */
async function gone(cwd: string, ...files: readonly string[]): Promise<void> {
  for (const file of files) {
    const identity = processIdentity(await pidIn(join(cwd, file)));
    await until(() => identity === undefined || !isAlive(identity), { seen: () => file });
  }
}
