/**
 * The launcher hands over from an older Node to the one beside the package: same arguments, same
 * output, exit code and signals kept. A planted package stands in for an installed one; the Nodes
 * are real, and where only a new one is at hand it is told to take itself for an older one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { olderNodes, preamble, type Runtime } from "./older-nodes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const program = `
const [, , what, value] = process.argv;
if (what === "exit") process.exit(Number(value));
if (what === "die") process.kill(process.pid, value);
if (what === "wait") {
  process.once("SIGTERM", () => { console.log("told to stop"); process.exit(5); });
  setInterval(() => {}, 1000);
  console.log("ready");
}
if (what === "show") {
  const { getCompileCacheDir } = await import("node:module");
  console.log(JSON.stringify({
    major: Number.parseInt(process.versions.node, 10),
    arguments: process.argv.slice(2),
    folder: process.env.PATH.split(":")[0],
    cache: getCompileCacheDir() ?? "none",
  }));
}
`;

const pretence = preamble(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })",
);

const runtimes: readonly Runtime[] = [
  { name: "a Node that takes itself for 20", command: [process.execPath, "--import", pretence] },
  ...olderNodes(),
];

let folder = "";

beforeEach(async () => {
  folder = temporaryFolder("launcher");
  await mkdir(path.join(folder, "bin"));
  await mkdir(path.join(folder, "dist", "cli"), { recursive: true });
  await cp(path.join(root, "bin", "soulmirror.js"), path.join(folder, "bin", "soulmirror.js"));
  await writeFile(path.join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(path.join(folder, "dist", "cli", "main.js"), program);
});

async function putNodeBeside(): Promise<void> {
  await mkdir(path.join(folder, "node_modules"));
  await symlink(path.join(root, "node_modules", "node"), path.join(folder, "node_modules", "node"));
}

function start(command: readonly string[], args: readonly string[]): ChildProcess {
  const [node = "", ...flags] = command;
  const child = spawn(node, [...flags, path.join(folder, "bin", "soulmirror.js"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, XDG_CACHE_HOME: "", NODE_COMPILE_CACHE: "", HOME: folder },
  });
  afterwards(() => child.kill("SIGKILL"));
  return child;
}

async function finish(command: readonly string[], args: readonly string[]) {
  const child = start(command, args);
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return { output, exitCode: child.exitCode, signal: child.signalCode };
}

describe.each(runtimes)("$name", ({ command }) => {
  it("hands over to the Node beside the package, with all arguments", async () => {
    await putNodeBeside();
    const { output, exitCode } = await finish(command, ["show", "a b", "--flag=*"]);
    expect(JSON.parse(output)).toEqual({
      major: Number.parseInt(process.versions.node, 10),
      arguments: ["show", "a b", "--flag=*"],
      folder: path.join(folder, "node_modules", "node", "bin"),
      cache: expect.stringContaining(path.join(folder, ".cache", "soulmirror", "v")) as string,
    });
    expect(exitCode).toBe(0);
  });

  it("keeps the exit code", async () => {
    await putNodeBeside();
    expect(await finish(command, ["exit", "7"])).toMatchObject({ exitCode: 7 });
  });

  it("dies of the signal that ended the program", async () => {
    await putNodeBeside();
    expect(await finish(command, ["die", "SIGKILL"])).toMatchObject({ signal: "SIGKILL" });
  });

  it("passes a signal on and waits for the answer", async () => {
    await putNodeBeside();
    const child = start(command, ["wait"]);
    const lines: string[] = [];
    const isReady = new Promise<void>((resolve) => {
      child.stdout?.on("data", (chunk: Buffer) => {
        lines.push(chunk.toString().trim());
        if (lines[0] === "ready") resolve();
      });
    });
    await isReady;
    child.kill("SIGTERM");
    await once(child, "close");
    expect(lines).toEqual(["ready", "told to stop"]);
    expect(child.exitCode).toBe(5);
  });

  it("says what is needed when there is no other Node", async () => {
    const { output, exitCode } = await finish(command, ["show"]);
    expect(output).toMatch(/Node 24 or newer is needed, this is 2\d\..*npm install.*node@24/);
    expect(exitCode).toBe(1);
  });
});

describe("a Node that is new enough", () => {
  it("runs the built files of a package", async () => {
    const { output } = await finish([process.execPath], ["show"]);
    expect(JSON.parse(output)).toMatchObject({ arguments: ["show"] });
  });

  it("keeps compiled code where only its user may write, and not in the folder for all", async () => {
    const { output } = await finish([process.execPath], ["show"]);
    expect(JSON.parse(output)).toMatchObject({
      cache: expect.stringContaining(path.join(folder, ".cache", "soulmirror", "v")) as string,
    });
  });

  it("prefers the sources of a checkout", async () => {
    await mkdir(path.join(folder, "src", "cli"), { recursive: true });
    const source = 'const text: string = "from the sources";\nconsole.log(text);\n';
    await writeFile(path.join(folder, "src", "cli", "main.ts"), source);
    expect(await finish([process.execPath], [])).toMatchObject({ output: "from the sources\n" });
  });
});
