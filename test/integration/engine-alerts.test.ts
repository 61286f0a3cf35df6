/** `ALERT_WEBHOOK_URL`, against a real receiver that refuses, is away and comes back (W1 to W3). */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createEngine } from "../../src/engine/index.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";

afterEach(() => {
  for (const name of ["ALERT_WEBHOOK_URL", "ALERT_EMAIL_ENABLED", "ALERT_SMS_ENABLED"]) {
    delete process.env[name];
  }
});

async function receiver(statuses: readonly number[]) {
  const alerts: Record<string, unknown>[] = [];
  let asked = 0;
  const server: Server = createServer((request, response) => {
    const status = statuses[asked] ?? 200;
    asked += 1;
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      if (status === 200) alerts.push(JSON.parse(body) as Record<string, unknown>);
      response.writeHead(status).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  afterwards(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  process.env["ALERT_WEBHOOK_URL"] =
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { alerts, asked: () => asked };
}

test("an opened circuit and ill health are told once, also when the receiver is away at first", async () => {
  const { alerts, asked } = await receiver([503]);
  const engine = createEngine({ service: "shop", autoRetry: false });
  afterwards(() => engine.close());
  const mail = engine.wrap("mail", {
    send: async () => {
      throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    },
  });
  for (let call = 0; call < 9; call += 1) await mail.send().catch(() => {});
  await until(() => alerts.length > 0, { seen: asked });
  expect(asked()).toBe(2);
  expect(alerts[0]).toMatchObject({
    service: "shop",
    kind: "breaker",
    severity: "warning",
    subject: "mail.send",
    text: "shop: the circuit of mail.send is open: 5 faults in a row",
  });
  engine.health.register("queue", () => ({ status: "unhealthy", message: "token=abc" }));
  await engine.getSystemHealth();
  await until(() => alerts.length >= 2, { seen: () => alerts });
  expect(alerts[1]).toMatchObject({ kind: "health", severity: "critical" });
  expect(JSON.stringify(alerts)).not.toContain("abc");
  await engine.close();
  expect(alerts).toHaveLength(2);
});

test("what is refused for good is told as lost, and what waits goes out at the end", async () => {
  const { alerts } = await receiver([404]);
  const engine = createEngine({ service: "shop" });
  const told: string[] = [];
  engine.on("telemetry_loss", ({ message }) => void told.push(message));
  let message = "one";
  engine.health.register("queue", () => ({ status: "unhealthy", message }));
  await engine.getSystemHealth();
  await until(() => told.length > 0);
  expect(told).toEqual(["1 alerts were lost, 0 joined: it answered 404"]);
  message = "two";
  engine.health.unregister("queue");
  await engine.getSystemHealth();
  await engine.close();
  expect(alerts.map(({ kind }) => kind)).toEqual(["health"]);
});

test("e-mail and SMS are told with who sends them", async () => {
  process.env["ALERT_EMAIL_ENABLED"] = "true";
  process.env["ALERT_SMS_ENABLED"] = "true";
  const engine = createEngine();
  afterwards(() => engine.close());
  const told: string[] = [];
  engine.on("configuration", ({ subject, message }) => void told.push(`${subject}: ${message}`));
  await Promise.resolve();
  const rest = "set ALERT_WEBHOOK_URL for alerts of this process";
  expect(told).toEqual([
    `ALERT_EMAIL_ENABLED: an engine sends no e-mail; ${rest}`,
    `ALERT_SMS_ENABLED: an engine sends no SMS; ${rest}`,
  ]);
});
