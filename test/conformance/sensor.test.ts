/** The sensors, held to their contract on real servers, files and programs. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../bench/rig/free-ports.ts";
import { realClock, realTimers } from "../../src/system/index.ts";
import { createCommandSensor } from "../../src/targets/command/index.ts";
import { createDnsSensor } from "../../src/targets/dns/index.ts";
import { createFilesSensor } from "../../src/targets/files/index.ts";
import { createHeartbeatSensor, Heartbeats } from "../../src/targets/heartbeat/index.ts";
import { createHostSensor } from "../../src/targets/host/index.ts";
import { createHttpSensor } from "../../src/targets/http/index.ts";
import { createLogSensor } from "../../src/targets/log/index.ts";
import { createPrometheusSensor, createWorkSensor } from "../../src/targets/prometheus/index.ts";
import { createTcpSensor } from "../../src/targets/tcp/index.ts";
import { createTlsSensor } from "../../src/targets/tls/index.ts";
import { createVaultSensor } from "../../src/targets/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { testAuthority } from "./certificates.ts";
import { nameServer } from "./name-server.ts";
import { type SensorScene, sensorConformance } from "./sensor.ts";

const clock = realClock;

sensorConformance("http", async () => {
  const stack = new AsyncDisposableStack();
  const port = await httpPort(stack);
  const closed = await freePort();
  return scene(stack, {
    sensor: createHttpSensor({ clock }),
    well: { parameters: { path: "/health" }, port },
    sick: {
      "nobody listens": { parameters: { path: "/health" }, port: closed },
      "a bad status": { parameters: { path: "/bad" }, port },
      "half an answer": { parameters: { path: "/half" }, port },
      "no HTTP": {
        parameters: { path: "/health" },
        port: await tcpPort(stack, "nonsense\r\n\r\n"),
      },
      "no such name": { parameters: { url: "http://no.such.name.invalid/" } },
      "no certificate for us": {
        parameters: { url: `https://127.0.0.1:${await tlsPort(stack)}/` },
      },
    },
    silent: { parameters: { path: "/silence" }, port },
    nonsense: { url: "gopher://old" },
  });
});

sensorConformance("tcp", async () => {
  const stack = new AsyncDisposableStack();
  return scene(stack, {
    sensor: createTcpSensor({ clock }),
    well: { parameters: { host: "127.0.0.1", port: await tcpPort(stack) } },
    sick: {
      "nobody listens": { parameters: { port: await freePort() } },
      "no such name": { parameters: { host: "no.such.name.invalid", port: 1 } },
    },
    nonsense: { port: 0 },
  });
});

sensorConformance("tls", async () => {
  const stack = new AsyncDisposableStack();
  const folder = temporaryFolder("sensor");
  const authority = testAuthority(folder);
  const authorities = authority.pem;
  const good = await tlsPort(stack, authority.issue("DNS:shop.example,IP:127.0.0.1", 30));
  const old = await tlsPort(stack, authority.issue("IP:127.0.0.1", -1));
  const host = "127.0.0.1";
  return scene(stack, {
    sensor: createTlsSensor({ clock }),
    well: { parameters: { host, port: good, servername: "shop.example", authorities } },
    sick: {
      expired: { parameters: { host, port: old, authorities } },
      "an authority that nobody knows": { parameters: { host, port: good } },
      "another name": { parameters: { host, port: good, servername: "x.example", authorities } },
      "no TLS": { parameters: { host, port: await tcpPort(stack, "nonsense\r\n\r\n") } },
      "nobody listens": { parameters: { host, port: await freePort() } },
    },
    silent: { parameters: { host, port: await tcpPort(stack) } },
    nonsense: { host: 1 },
  });
});

sensorConformance("dns", async () => {
  const stack = new AsyncDisposableStack();
  const { address: server } = stack.use(
    await nameServer({
      "A shop.example": ["10.0.0.1", "10.0.0.2"],
      "A hang.example": "silence",
      "A refused.example": "refuse",
      "A broken.example": "fail",
    }),
  );
  return scene(stack, {
    sensor: createDnsSensor({ clock }),
    well: { parameters: { name: "shop.example", type: "A", expect: ["10.0.0.2"], server } },
    sick: {
      "no such name": { parameters: { name: "none.example", server } },
      "another address": { parameters: { name: "shop.example", expect: "10.0.0.9", server } },
      refused: { parameters: { name: "refused.example", server } },
      broken: { parameters: { name: "broken.example", server } },
    },
    silent: { parameters: { name: "hang.example", server } },
    nonsense: { name: "shop.example", server: "not an address" },
  });
});

sensorConformance("command", async () => {
  const stack = new AsyncDisposableStack();
  return scene(stack, {
    sensor: createCommandSensor({ clock, environment: process.env }),
    well: { parameters: { command: ["echo", "all well"], expectOutput: "/all w.ll/" } },
    sick: {
      "another exit code": { parameters: { command: ["false"] } },
      "another output": { parameters: { command: ["echo", "hm"], expectOutput: "well" } },
      "no such program": { parameters: { command: ["no-such-program-anywhere"] } },
      "killed by itself": { parameters: { command: ["sh", "-c", "kill -9 $$"] } },
    },
    silent: { parameters: { command: ["sleep", "600"] } },
    nonsense: { command: [] },
  });
});

sensorConformance("files", async () => {
  const stack = new AsyncDisposableStack();
  const folder = temporaryFolder("sensor");
  writeFileSync(join(folder, "dump.sql"), "select 1");
  return scene(stack, {
    sensor: createFilesSensor({ clock }),
    well: { parameters: { path: join(folder, "*.sql"), maxAgeMs: 3_600_000, minBytes: 8 } },
    sick: {
      missing: { parameters: { path: join(folder, "*.tar") } },
      "too small": { parameters: { path: folder, minBytes: 9 } },
    },
    nonsense: { path: "" },
  });
});

sensorConformance("log", async () => {
  const stack = new AsyncDisposableStack();
  const folder = temporaryFolder("sensor");
  writeFileSync(join(folder, "app.log"), "ERROR of yesterday\n");
  return scene(stack, {
    sensor: createLogSensor({ clock }),
    well: { parameters: { file: join(folder, "*.log"), pattern: "ERROR" } },
    sick: {},
    nonsense: { file: join(folder, "*.log"), pattern: "/(/" },
  });
});

sensorConformance("heartbeat", async () => {
  const stack = new AsyncDisposableStack();
  const memory = { read: async () => ({}), write: async () => undefined };
  const heartbeats = new Heartbeats({
    clock,
    timers: realTimers,
    memory,
    complain: () => undefined,
  });
  heartbeats.record("backup");
  stack.defer(() => heartbeats.flush());
  return scene(stack, {
    sensor: createHeartbeatSensor({ clock, heartbeats }),
    well: { parameters: { name: "backup", everyMs: 3_600_000, graceMs: 0 } },
    sick: {},
    nonsense: { everyMs: -1 },
  });
});

sensorConformance("vault", async () => {
  const stack = new AsyncDisposableStack();
  const folder = temporaryFolder("vaults");
  mkdirSync(join(folder, "odd"));
  writeFileSync(join(folder, "odd", "state.json"), "no state");
  const schedule = { kind: "every", everyMs: 3_600_000 };
  return scene(stack, {
    sensor: createVaultSensor({ clock, folder }),
    well: { parameters: { name: "new", schedule } },
    sick: { "a state that says nothing": { parameters: { name: "odd", schedule } } },
    nonsense: { name: "../odd", schedule },
  });
});

sensorConformance("prometheus", async () => {
  const stack = new AsyncDisposableStack();
  const port = await httpPort(stack);
  const series = [{ name: "jobs_total", above: 100 }];
  return scene(stack, {
    sensor: createPrometheusSensor({ clock }),
    well: { parameters: { path: "/metrics", series }, port },
    sick: {
      "above its limit": {
        parameters: { path: "/metrics", series: [{ name: "jobs_total", above: 6 }] },
        port,
      },
      "no such series": {
        parameters: { path: "/metrics", series: [{ name: "x", above: 1 }] },
        port,
      },
      "a bad status": { parameters: { path: "/bad", series }, port },
    },
    silent: { parameters: { path: "/silence", series }, port },
    nonsense: { path: "/metrics", series: [] },
  });
});

sensorConformance("work", async () => {
  const stack = new AsyncDisposableStack();
  const port = await httpPort(stack);
  const work = { counter: "jobs_total", waiting: "jobs_waiting" };
  return scene(stack, {
    sensor: createWorkSensor({ clock }),
    well: { parameters: { url: "/metrics", ...work }, port },
    sick: {
      "no such series": { parameters: { url: "/metrics", counter: "x", waiting: "y" }, port },
      "nobody listens": { parameters: { url: "/metrics", ...work }, port: await freePort() },
    },
    silent: { parameters: { url: "/silence", ...work }, port },
    nonsense: { url: "/metrics" },
  });
});

sensorConformance("host", async () => {
  const stack = new AsyncDisposableStack();
  return scene(stack, {
    sensor: createHostSensor({ clock }),
    well: { parameters: { disks: ["/", tmpdir()] } },
    sick: {
      "more memory in use than declared": { parameters: { thresholds: { memory: 0 } } },
      "no such disk": { parameters: { disks: [join(tmpdir(), "no", "such", "disk")] } },
    },
    nonsense: { disks: "/" },
  });
});

function scene(
  stack: AsyncDisposableStack,
  parts: Omit<SensorScene, keyof AsyncDisposable>,
): SensorScene {
  return { ...parts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const answer: RequestListener = (request, response) => {
  if (request.url === "/silence") return;
  if (request.url === "/half") {
    response.writeHead(200, { "content-length": 100 });
    response.write("half", () => response.destroy());
    return;
  }
  response.statusCode = request.url === "/bad" ? 503 : 200;
  const metrics = 'jobs_total{queue="a"} 3\njobs_total{queue="b"} 7\njobs_waiting 2\n';
  response.end(request.url === "/metrics" ? metrics : "well\n");
};

function httpPort(stack: AsyncDisposableStack): Promise<number> {
  return portOf(stack, createHttpServer(answer));
}

/** Without a certificate it shows one that is its own authority. */
function tlsPort(
  stack: AsyncDisposableStack,
  certificate: { key: string; cert: string } = testAuthority(temporaryFolder("sensor")).issue(
    "DNS:elsewhere.example",
    30,
  ),
): Promise<number> {
  return portOf(stack, createHttpsServer(certificate, answer));
}

/** A server that says `greeting` to everybody, or nothing for ever. */
function tcpPort(stack: AsyncDisposableStack, greeting?: string): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
    if (greeting !== undefined) socket.end(greeting);
    stack.defer(() => void socket.destroy());
  });
  return portOf(stack, server);
}

async function portOf(stack: AsyncDisposableStack, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(async () => {
    if ("closeAllConnections" in server)
      (server as { closeAllConnections(): void }).closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
