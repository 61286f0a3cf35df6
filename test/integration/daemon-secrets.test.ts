/**
 * Secrets reach those they are for, commands and webhooks that run for real, and no file of the
 * data directory; hooks are what the fleet file says at the moment in which they run.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { FleetBench, type FleetText } from "./fleet-bench.ts";

const secrets = {
  variable: "variable-hunter2-aaaa",
  file: "file-hunter2-bbbb",
  path: "path-hunter2-cccc",
  header: "header-hunter2-dddd",
  body: "body-hunter2-eeee",
  word: "argument-hunter2-ffff",
  next: "next-hunter2-gggg",
};

interface Call {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Refuses everything, and repeats all it was told. */
async function startServer(stack: AsyncDisposableStack): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const { url = "", headers } = request;
    const answer = (body: string): void => {
      calls.push({ url, headers, body });
      response.statusCode = 500;
      response.end(JSON.stringify({ url, headers, body }));
    };
    // A request that is cut off is answered by nobody.
    text(request).then(answer, () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

function shop(bench: FleetBench, port: number, more: FleetText): FleetText {
  const { env, ...rest } = more;
  return {
    services: {
      shop: bench.toy("shop", {
        env: { PORT: port, ...(env as object) },
        health_check: `http://127.0.0.1:${port}/health`,
        ...rest,
      }),
    },
  };
}

/** The files below a folder that hold a text, by their paths in it. */
function holding(folder: string, words: readonly string[]): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((found) => {
    const path = join(found.parentPath, found.name);
    if (!found.isFile()) return [];
    const content = readFileSync(path);
    return words.filter((word) => content.includes(word)).map((word) => `${path}: ${word}`);
  });
}

test("secrets of hooks are used, and written nowhere", async () => {
  await using stack = new AsyncDisposableStack();
  const { url, calls } = await startServer(stack);
  const port = await freePort();
  const env = {
    SHOP_KEY: { env: "SHOP_KEY" },
    SHOP_CODE: { file: "code" },
    DB_PASSWORD_FILE: "./code",
  };
  const script = 'echo "$SHOP_KEY $SHOP_CODE $DB_PASSWORD_FILE $1" | tee half >&2; exit 1';
  const hooks = {
    env,
    reconnect: {
      url: { file: "address" },
      headers: { "X-Key": secrets.header },
      body: secrets.body,
    },
    commands: {
      vain: { command: ["sh", "-c", script, "sh", secrets.word], undo: "mv half undone" },
      mend: { command: "rm shop.health", undo: "true" },
    },
    recovery_strategy: ["reconnect", "command:vain", "command:mend"],
  };
  const declare = (bench: FleetBench, more: FleetText = {}): FleetText => {
    writeFileSync(join(bench.folder, "code"), `${secrets.file}\n`);
    writeFileSync(join(bench.folder, "address"), `${url}/${secrets.path}\n`);
    return shop(bench, port, { ...hooks, ...more });
  };
  await using bench = await FleetBench.up(declare, { SHOP_KEY: secrets.variable });
  bench.tell("shop", "health", "500");
  await bench.entry("verdict", ({ verdict }) => verdict.healed);

  expect(calls).toMatchObject([
    { url: `/${secrets.path}`, headers: { "x-key": secrets.header }, body: secrets.body },
  ]);
  // It failed half-way, with the environment of its service, and was taken back.
  const { variable, file, word } = secrets;
  const undone = readFileSync(join(bench.folder, "undone"), "utf8");
  expect(undone).toBe(`${variable} ${file} ./code ${word}\n`);
  const { action } = await bench.entry("action", (each) => {
    const { plan, status } = each.action;
    return plan.strategy === "command:vain" && status.kind === "rolled_back";
  });
  const reason = "reason" in action.status ? action.status.reason : "";
  // What a program says stands between marks.
  expect(reason).toContain("exit code 1: \u2068*** *** ./code");
  expect(action.plan.steps[0]?.parameters).toEqual({ hook: "service/shop#commands.vain" });

  // A change of an address is told, and the address is not.
  bench.declare(declare(bench, { reconnect: `${url}/${secrets.next}` }));
  await bench.entry("fleet_loaded", ({ changes }) => changes.join().includes("reconnect"));
  await bench.end();
  const { word: _argument, ...hidden } = secrets;
  expect(holding(bench.folder, [variable]).join()).toContain("undone");
  expect(holding(bench.data, Object.values(hidden))).toEqual([]);
  expect(holding(join(bench.folder, "tmp"), Object.values(hidden))).toEqual([]);
});

test("what a crashed service says last is kept without its secrets", async () => {
  const port = await freePort();
  const env = { SHOP_KEY: { env: "SHOP_KEY" } };
  await using bench = await FleetBench.up((each) => shop(each, port, { env }), {
    SHOP_KEY: secrets.variable,
  });
  writeFileSync(
    join(bench.data, "logs", "shop.1.log"),
    `cannot log in with ${secrets.variable}\n`,
    { flag: "a" },
  );
  process.kill(await bench.pidOf("shop"), "SIGKILL");
  await bench.entry("verdict", ({ verdict }) => verdict.healed);
  const told = JSON.stringify(await bench.journal());
  expect(told).toContain("cannot log in with ***");
  expect(told).not.toContain(secrets.variable);
});

test("logs and a diagnosis by hand are told without secrets, also without their addresses", async () => {
  const port = await freePort();
  const database = "postgres://shop:hunter2%21aaaa@db.example/orders";
  const env = { SHOP_DB: { env: "SHOP_DB" } };
  await using bench = await FleetBench.up((each) => shop(each, port, { env }), {
    SHOP_DB: database,
  });
  const path = "/api/v1/resources/instance/shop.1";
  const token = readFileSync(join(bench.data, "token"), "utf8").trim();
  const follow = await fetch(`http://127.0.0.1:${bench.port}${path}/logs/follow`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const line = `cannot log in at db.example with hunter2!aaaa of ${database}`;
  writeFileSync(join(bench.data, "logs", "shop.1.log"), `${line}\n`, { flag: "a" });
  const masked = "cannot log in at db.example with *** of ***";
  const logs = await bench.get<{ lines: readonly string[] }>(`${path}/logs`);
  expect(logs.lines.at(-1)).toBe(masked);
  const diagnosis = await bench.get<{ text: string }>(`${path}/diagnostics`);
  expect(diagnosis.text).toContain(masked);
  expect(diagnosis.text).not.toContain("hunter2");
  let heard = "";
  for await (const chunk of follow.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    heard += chunk;
    if (heard.includes("cannot log in")) break;
  }
  expect(heard).toContain(`data: ${masked}\n`);
});

test("what a service repeats of its secrets is told to nobody, with the token or without", async () => {
  const port = await freePort();
  const env = { SHOP_KEY: { env: "SHOP_KEY" } };
  await using bench = await FleetBench.up((each) => shop(each, port, { env }), {
    SHOP_KEY: secrets.variable,
  });
  const address = `http://127.0.0.1:${bench.port}`;
  const stream = await fetch(`${address}/api/v1/events`);
  bench.tell("shop", "health", "leaks SHOP_KEY");
  const { incident } = await bench.entry("incident", (each) => each.incident.state.kind === "open");
  const masked = "no login with ***";
  expect(incident.title).toContain(masked);
  const token = readFileSync(join(bench.data, "token"), "utf8").trim();
  const headers = { authorization: `Bearer ${token}` };
  const names = ["health", "services", "overview", "resources", "incidents", "failures", "actions"];
  const paths = ["/health", "/reliability", "/", ...names.map((name) => `/api/v1/${name}`)];
  const telling = new Set<string>();
  for (const path of [...paths, "/api/v1/journal", "/api/v1/actions/under-way"]) {
    for (const init of [{}, { headers }]) {
      const told = await (await fetch(`${address}${path}`, init)).text();
      expect([path, told.includes(secrets.variable)]).toEqual([path, false]);
      if (told.includes(masked)) telling.add(path);
    }
  }
  // What is true of the answers is true of the live state behind them.
  expect([...telling]).toEqual(expect.arrayContaining(["/health", "/reliability", "/"]));
  let heard = "";
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    heard += chunk;
    if (heard.includes(masked)) break;
  }
  expect(heard).not.toContain(secrets.variable);
  await bench.end();
  expect(holding(bench.data, [secrets.variable])).toEqual([]);
});

test("arguments of a command that waits for approval are told to nobody", async () => {
  const port = await freePort();
  const commands = { mend: { command: ["rm", "-f", "shop.health", secrets.word] } };
  const recovery = { commands, recovery_strategy: "command:mend" };
  await using bench = await FleetBench.up((each) => shop(each, port, recovery));
  bench.tell("shop", "health", "500");
  const { action } = await bench.entry(
    "action",
    (each) => each.action.preview?.includes("would run rm") === true,
  );
  expect(action.status.kind).toBe("waiting_for_approval");
  for (const path of ["/", "/api/v1/actions/under-way", "/api/v1/actions"]) {
    const answer = await fetch(`http://127.0.0.1:${bench.port}${path}`);
    expect([path, (await answer.text()).includes(secrets.word)]).toEqual([path, false]);
  }
  await bench.end();
  expect(holding(bench.data, [secrets.word])).toEqual([]);
});

test("a hook that is gone when its turn comes is refused, whatever the plan says", async () => {
  const port = await freePort();
  const commands = { mend: "rm shop.health" };
  const recovery = { commands, recovery_strategy: "command:mend" };
  await using bench = await FleetBench.up((each) => shop(each, port, recovery));
  bench.tell("shop", "health", "500");
  const { action } = await bench.entry(
    "action",
    (each) => each.action.status.kind === "waiting_for_approval",
  );
  bench.declare(shop(bench, port, {}));
  await bench.entry("fleet_loaded", ({ changes }) => changes.join().includes("hooks"));
  await bench.post(`/api/v1/actions/${action.id}/approve`);
  const over = await bench.entry("action", (each) => {
    return each.action.id === action.id && each.action.status.kind === "failed";
  });
  expect(JSON.stringify(over.action.status)).toContain(
    "the hook service/shop#commands.mend is not declared any more",
  );
  expect(existsSync(join(bench.folder, "shop.health"))).toBe(true);
});
