/** The effectors of declared remedies, held to their contract on real programs, servers, files. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { realClock } from "../../src/system/index.ts";
import { createCommandEffector } from "../../src/targets/command/effectors.ts";
import { createCleanEffector } from "../../src/targets/files/effectors.ts";
import { createRotateEffector } from "../../src/targets/files/rotate-effector.ts";
import { createWebhookEffector } from "../../src/targets/http/effectors.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type EffectorScene, effectorConformance } from "./effector.ts";

effectorConformance("command", async () => {
  const stack = new AsyncDisposableStack();
  const cwd = temporaryFolder("effector");
  const state = join(cwd, "state");
  writeFileSync(state, "off");
  const begun = join(cwd, "begun");
  const write = (file: string, text: string): string[] => [
    process.execPath,
    "-e",
    `require("fs").writeFileSync(${JSON.stringify(file)}, ${JSON.stringify(text)})`,
  ];
  const slow = [process.execPath, "-e", `${write(begun, "1")[2]}; setInterval(() => {}, 1000)`];
  return scene(stack, {
    effector: createCommandEffector({ environment: process.env }),
    good: { command: write(state, "on"), undo: write(state, "off"), cwd, timeoutMs: 20_000 },
    bad: { command: ["no-such-program"], timeoutMs: 20_000 },
    slow: {
      parameters: { command: slow, timeoutMs: 600_000 },
      begun: () => until(() => existsSync(begun)),
    },
    world: async () => readFileSync(state, "utf8"),
  });
});

effectorConformance("webhook", async () => {
  const stack = new AsyncDisposableStack();
  let state = "off";
  let slow = 0;
  const server = createServer((request, response) => {
    if (request.url === "/slow") {
      slow += 1;
      return;
    }
    if (request.url === "/on" || request.url === "/off") state = request.url.slice(1);
    response.statusCode = request.url === "/bad" ? 500 : 204;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return scene(stack, {
    effector: createWebhookEffector(),
    good: { url: `${url}/on`, undoUrl: `${url}/off`, timeoutMs: 20_000 },
    bad: { url: `${url}/bad`, timeoutMs: 20_000 },
    slow: {
      parameters: { url: `${url}/slow`, timeoutMs: 600_000 },
      begun: () => until(() => slow > 0),
    },
    world: async () => state,
  });
});

effectorConformance("clean", async () => {
  const stack = new AsyncDisposableStack();
  const root = temporaryFolder("effector");
  mkdirSync(join(root, "many"));
  writeFileSync(join(root, "old.tmp"), "old");
  const many = 20_000;
  const fill = (): void => {
    for (let n = 0; n < many; n += 1) writeFileSync(join(root, "many", `${n}.log`), "");
  };
  const count = async (): Promise<number> => (await readdir(join(root, "many"))).length;
  return scene(stack, {
    effector: createCleanEffector({ clock: realClock, protectedPaths: [] }),
    good: { places: [{ root, pattern: "*.tmp", olderThanMs: 0 }] },
    bad: { places: [{ root: join(root, "missing"), pattern: "*.tmp", olderThanMs: 0 }] },
    slow: {
      get parameters() {
        fill();
        return { places: [{ root, pattern: "many/*.log", olderThanMs: 0 }] };
      },
      begun: () => until(async () => (await count()) < many),
    },
    world: async () => {
      const names = await readdir(root, { recursive: true });
      const ages = names.sort().map(async (name) => (await stat(join(root, name))).mtimeMs);
      return JSON.stringify([names, await Promise.all(ages)]);
    },
  });
});

effectorConformance("rotate", async () => {
  const stack = new AsyncDisposableStack();
  const cwd = temporaryFolder("effector");
  writeFileSync(join(cwd, "app.log"), "a line\n".repeat(10_000));
  return scene(stack, {
    effector: createRotateEffector({ protectedPaths: [] }),
    good: { files: ["*.log"], cwd, keep: 1 },
    bad: { files: ["*.log"], cwd: join(cwd, "missing"), keep: 1 },
    world: async () => JSON.stringify((await readdir(cwd)).sort()),
  });
});

function scene(
  stack: AsyncDisposableStack,
  parts: Omit<EffectorScene, keyof AsyncDisposable>,
): EffectorScene {
  return { ...parts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
