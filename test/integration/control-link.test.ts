/** L2 of `control-link.ts`, D6 of `steered-engine.ts`: a real server, and time that tests move. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ControlLink } from "../../src/engine/control/control-link.ts";
import { InfrastructureReliabilityEngine } from "../../src/engine/engine.ts";
import { ManualTools } from "../../src/resilience/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function serverOf(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

test("a daemon that accepts and drops is asked ever later, and told of once (L2)", async () => {
  const connections: ServerResponse[] = [];
  const endpoint = await serverOf((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": here\n\n");
    connections.push(response);
  });
  const tools = new ManualTools();
  const firsts: boolean[] = [];
  let opened = 0;
  const onOpen = (): void => {
    opened += 1;
  };
  const link = new ControlLink({
    endpoint,
    token: "t",
    instance: "i",
    tools,
    onMessage: () => {},
    onOpen,
    onBroken: (_reason, isFirst) => void firsts.push(isFirst),
  });
  endings.push(() => link.close());
  const dropped = async (count: number): Promise<void> => {
    await until(() => opened === count);
    connections.at(-1)?.destroy();
    await until(() => firsts.length === count);
  };
  await dropped(1);
  await tools.advance(750);
  await dropped(2);
  await tools.advance(1500);
  await dropped(3);
  // The shortest that may have been drawn for the third pause is a second.
  await tools.advance(999);
  expect([opened, tools.pendingTimers]).toEqual([3, 1]);
  await tools.advance(2001);
  await until(() => opened === 4);
  await tools.advance(10_000);
  await dropped(4);
  expect(firsts).toEqual([true, false, false, true]);
  await tools.advance(750);
  await until(() => opened === 5);
});

interface Stand {
  readonly mode: string;
  readonly version: number | null;
  readonly open: readonly { readonly name: string; readonly forMs: number }[];
}

/** An engine with a daemon that takes what is said, each answer when the test lets it. */
async function steeredBench() {
  const stands: Stand[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;
  let say = (_message: object): void => {};
  const endpoint = await serverOf((request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": here\n\n");
      say = (message) => void response.write(`data: ${JSON.stringify(message)}\n\n`);
      return;
    }
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (!request.url?.includes("/engine/control")) return void response.end("{}");
      stands.push(JSON.parse(body) as Stand);
      if (isHolding) held.push(() => response.end("{}"));
      else response.end("{}");
    });
  });
  Object.assign(process.env, {
    SOULMIRROR_ENDPOINT: endpoint.origin,
    SOULMIRROR_TOKEN: "shop.t",
    // Another daemon may have had this port: what it wanted is kept by address.
    SOULMIRROR_STATE: temporaryFolder("control"),
  });
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ service: "shop", autoRetry: false }, tools);
  delete process.env["SOULMIRROR_ENDPOINT"];
  delete process.env["SOULMIRROR_TOKEN"];
  delete process.env["SOULMIRROR_STATE"];
  endings.push(() => {
    engine.close().catch(() => {});
  });
  await until(() => stands.length === 1);
  const hold = (is: boolean): void => {
    isHolding = is;
    if (!is) for (const go of held.splice(0)) go();
  };
  const wish = (version: number, parts: object = {}): void => {
    const nothing = { mode: null, isolated: {}, providers: {}, limits: {}, said: {} };
    say({ kind: "wish", version, ...nothing, ...parts });
  };
  return { tools, engine, stands, hold, wish };
}

test("what ends by its time is answered to the daemon, as is a mode that was set here (D6)", async () => {
  const { tools, engine, stands, wish } = await steeredBench();
  const at = tools.wallMs();
  const said = { mode: { by: "me", at, until: at + 30_000, reason: null } };
  wish(1, { mode: "shadow", said });
  await until(() => stands.at(-1)?.mode === "shadow");
  await tools.advance(33_000);
  await until(() => stands.at(-1)?.mode === "full");
  engine.setMode("monitor");
  await tools.advance(3000);
  await until(() => stands.at(-1)?.mode === "monitor");
  const { length } = stands;
  await tools.advance(30_000);
  expect(stands).toHaveLength(length);
});

test("a circuit that opens again between two looks is told again (D6)", async () => {
  const { tools, engine, stands } = await steeredBench();
  const mail = engine.wrap("mail", {
    async send() {
      throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    },
  });
  for (let call = 0; call < 5; call += 1) await mail.send().catch(() => {});
  await tools.advance(3000);
  await until(() => stands.at(-1)?.open.length === 1);
  const before = stands.length;
  await tools.advance(57_500);
  await mail.send().catch(() => {});
  expect(engine.operation("mail.send")?.breaker).toBe("open");
  await tools.advance(2500);
  await until(() => stands.length > before);
  expect(stands.at(-1)?.open[0]?.forMs).toBeGreaterThan(60_000);
});

test("one answer is under way at a time, and the last one is the newest (D6)", async () => {
  const { engine, stands, hold, wish } = await steeredBench();
  hold(true);
  wish(1);
  await until(() => stands.length === 2);
  wish(2, { mode: "monitor" });
  wish(3, { mode: "shadow" });
  await until(() => engine.mode === "shadow");
  expect(stands).toHaveLength(2);
  hold(false);
  await until(() => stands.at(-1)?.version === 3);
  expect(stands.map(({ version }) => version)).toEqual([null, 1, 3]);
});
