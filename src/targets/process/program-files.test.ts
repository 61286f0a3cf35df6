import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServiceSpec } from "../../config/index.ts";
import { programFiles } from "./program-files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "program-"));
  for (const name of ["own", "server.js", "hook.js", "data.sqlite"]) write(name, "before");
  chmodSync(join(folder, "own"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

/** Which of the files make another program of the command when they change. */
function meantBy(command: string): readonly string[] {
  const spec = { command: command.split(" "), cwd: folder, env: {}, hash: "h" };
  const files = (): string =>
    programFiles(spec as unknown as ServiceSpec, { PATH: `${folder}:/usr/bin:/bin` }).files;
  return ["own", "server.js", "hook.js", "missing.js", "data.sqlite"].filter((name) => {
    const before = files();
    write(name, `after ${name}`);
    const isMeant = files() !== before;
    if (name === "missing.js") rmSync(join(folder, name));
    return isMeant;
  });
}

describe("a command means", () => {
  it.each([
    ["node server.js data.sqlite", ["server.js"]],
    ["node --enable-source-maps server.js --db data.sqlite", ["server.js"]],
    ["node --require ./hook.js --env-file=data.sqlite server.js", ["server.js", "hook.js"]],
    ["node --stack-size 900 server.js data.sqlite", ["server.js"]],
    ["/usr/bin/python3.11 -u server.js data.sqlite", ["server.js"]],
    ["nice -n 5 node server.js data.sqlite", ["server.js"]],
    ["bun run server.js data.sqlite", ["server.js"]],
    ["sh -e server.js data.sqlite", ["server.js"]],
    // One that was taken away may come back.
    ["node missing.js data.sqlite", ["missing.js"]],
  ])("the script that an interpreter is given: %s", (command, meant) => {
    expect(meantBy(command)).toEqual(meant);
  });

  it.each([
    ["own data.sqlite", ["own"]],
    ["./own --db data.sqlite", ["own"]],
    ["nice ./own data.sqlite", ["own"]],
    ["sh -ec text data.sqlite", []],
    ["node -e text data.sqlite", []],
  ])("its program, and of the rest what can be executed: %s", (command, meant) => {
    expect(meantBy(command)).toEqual(meant);
  });
});
