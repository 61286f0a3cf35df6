/** The HTTP sensor against real servers. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, type Server, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import { realClock } from "../../src/system/index.ts";
import { createHttpSensor } from "../../src/targets/http/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { testAuthority } from "../conformance/certificates.ts";
import { checkOf, read, requestOf, valueOf } from "../conformance/sensor.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const sensor = createHttpSensor({ clock: realClock });

async function look(answer: Answer, parameters: JsonRecord = {}) {
  const port = await listen(createServer(answer));
  return checkOf(await read(sensor, { parameters: { path: "/health", ...parameters }, port }));
}

function says(text: string, type = "text/plain", status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": type });
    response.end(text);
  };
}

describe("the status", () => {
  test("is any 2xx by default; the reason carries status and body", async () => {
    expect(await look(says("", "text/plain", 204))).toMatchObject({ ok: true });
    const bad = await look(says('{\n "status": "fail"\n}', "application/health+json", 503));
    expect(bad).toMatchObject({ ok: false, symptom: "status" });
    expect(bad?.reason).toMatch(/^GET \/health answered 503 in [\d.]+ ms: { "status": "fail" }$/);
  });

  test.each([
    [200, 200, true],
    [204, 200, false],
    [404, [200, 404], true],
    [301, "3xx", true],
    [200, ["3xx", 404], false],
  ])("%i where %j is expected: %s", async (status, expected, ok) => {
    const check = await look(says("", "text/plain", status), { expect: { status: expected } });
    expect(check?.ok).toBe(ok);
  });

  test("of a redirect is not that of the place it leads to", async () => {
    const seen: string[] = [];
    const check = await look((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(302, { location: "/login" }).end();
    });
    expect(check).toMatchObject({ ok: false, symptom: "status" });
    expect(check?.reason).toContain("answered 302");
    expect(check?.reason).toContain("to /login");
    expect(seen).toEqual(["/health"]);
  });
});

describe("the content", () => {
  test("must have the declared text, expression, header and JSON members", async () => {
    const answer = says('{"db":{"ok":true},"lag":3}', "application/json");
    const good = {
      body: "/lag.:\\d/",
      headers: { "Content-Type": "json" },
      json: { "db.ok": true, lag: 3 },
    };
    expect(await look(answer, { expect: good })).toMatchObject({ ok: true });
    const bad: JsonRecord[] = [
      { body: "lagging" },
      { headers: { "x-version": "2" } },
      { json: { "db.ok": false } },
      { json: { "db.toString": "x" } },
    ];
    for (const expectation of bad) {
      const check = await look(answer, { expect: expectation });
      expect(check).toMatchObject({ ok: false, symptom: "content" });
    }
  });

  test("of health+json that fails is not good with 200; one that warns is good", async () => {
    const type = "application/health+json; charset=utf-8";
    const fails = await look(says('{"status":"fail","output":"no disk"}', type));
    expect(fails).toMatchObject({ ok: false, symptom: "content" });
    expect(fails?.reason).toContain("no disk");
    expect(await look(says('{"status":"warn"}', type))).toMatchObject({ ok: true });
    expect(await look(says('{"status":"fail"}', "application/json"))).toMatchObject({ ok: true });
  });

  test.each([
    [
      "the checks that fail, and no others",
      {
        status: "fail",
        checks: {
          "memory:responseTime": [{ status: "warn", output: "of 512 MiB 460 are in use" }],
          "database:responseTime": [
            { status: "fail", output: "connect ECONNREFUSED 127.0.0.1:5432" },
          ],
          "queue%3A mail:responseTime": { status: "FAIL" },
        },
      },
      "database: connect ECONNREFUSED 127.0.0.1:5432; queue: mail fails",
    ],
    ["its own words where no check says more", { status: "fail", output: "no disk" }, "no disk"],
    [
      "three of many",
      {
        status: "fail",
        checks: Object.fromEntries(
          ["a", "b", "c", "d", "e"].map((each) => [
            `${each}:x`,
            [{ status: "fail", output: "y".repeat(900) }],
          ]),
        ),
      },
      /^a: y{100,120}\.{3}; b: y{100,120}\.{3}; c: y{100,120}\.{3}; and 2 more$/,
    ],
    ["nonsense as it came", { status: "fail", checks: [3], output: 7 }, /^{"status":"fail",/],
  ])("of health+json that fails is told as %s", async (_what, document, words) => {
    const answer = says(JSON.stringify(document), "application/health+json", 503);
    const check = await look(answer);
    expect(check).toMatchObject({ ok: false, symptom: "status" });
    const told = check?.reason.replace(/^GET \/health answered 503 in [\d.]+ ms: /, "");
    if (typeof words === "string") expect(told).toBe(words);
    else expect(told).toMatch(words);
  });

  test("is read up to 64 KiB and no further", async () => {
    let written = 0;
    const endless: Answer = (_request, response) => {
      const more = (): void => {
        while (response.write("x".repeat(10_000))) written += 10_000;
      };
      response.on("drain", more);
      more();
    };
    const check = await look(endless, { expect: { body: "y" } });
    expect(check).toMatchObject({ ok: false, symptom: "content" });
    expect(check?.reason).toContain("in its first 64 KiB");
    expect(written).toBeLessThan(20_000_000);
  });

  test("that comes later than declared is slow", async () => {
    const check = await look(says("fine"), { expect: { maxMs: 0.000_001 } });
    expect(check).toMatchObject({ ok: false, symptom: "slow" });
  });

  test("that breaks off is a broken connection, with what came", async () => {
    const check = await look((_request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => response.destroy());
    });
    expect(check).toMatchObject({ ok: false, symptom: "reset" });
    expect(check?.reason).toContain("status 200 and 4 bytes came");
  });
});

describe("the question", () => {
  test("is sent as declared, over a new connection each time", async () => {
    const seen: { method?: string; key?: string; body: string; port?: number }[] = [];
    const port = await listen(
      createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on("end", () => {
          const { method = "", headers, socket } = request;
          seen.push({ method, key: String(headers["x-key"]), body, port: socket.remotePort ?? 0 });
          response.end();
        });
      }),
    );
    const parameters = { path: "/a", method: "post", headers: { "X-Key": "1" }, body: "ping" };
    const request = requestOf("http", { parameters, port });
    for (let round = 0; round < 3; round += 1) {
      await sensor.read(request, new AbortController().signal);
    }
    expect(seen.length).toBe(3);
    for (const each of seen) expect(each).toMatchObject({ method: "POST", key: "1", body: "ping" });
    expect(new Set(seen.map((each) => each.port)).size).toBe(3);
  });

  test("follows the instance to its new port", async () => {
    const [one, two] = [
      await listen(createServer(says("one"))),
      await listen(createServer(says("two"))),
    ];
    const parameters = { path: "/", expect: { body: "two" } };
    const first = requestOf("http", { parameters, port: one }, "same");
    const second = { ...first, port: two };
    const calm = new AbortController().signal;
    expect(checkOf(await sensor.read(first, calm))?.ok).toBe(false);
    expect(checkOf(await sensor.read(second, calm))?.ok).toBe(true);
  });

  test("and its secrets stay out of the reason", async () => {
    const echo: Answer = (request, response) => {
      response.writeHead(500).end(`no: ${request.headers.authorization} ${request.url}`);
    };
    const check = await look(echo, {
      path: "/health?key=query-secret",
      headers: { authorization: "Bearer abcdefghijkl" },
    });
    expect(check?.reason).toContain("GET /health answered 500");
    expect(check?.reason).not.toContain("abcdefghijkl");
  });
});

describe("https", () => {
  test("days are samples; nothing is sent where the certificate is not valid", async () => {
    const folder = temporaryFolder("http-sensor");
    const authority = testAuthority(folder);
    let asked = 0;
    const serve = (days: number): Promise<number> =>
      listen(
        createSecureServer(authority.issue("IP:127.0.0.1", days), (_request, response) => {
          asked += 1;
          response.end("fine");
        }),
      );
    const parametersFor = (port: number): JsonRecord => ({
      url: `https://127.0.0.1:${port}/`,
      authorities: authority.pem,
      certificateDays: 14,
      headers: { authorization: "secret" },
    });
    const good = await read(sensor, { parameters: parametersFor(await serve(10)) });
    expect(checkOf(good)).toMatchObject({ ok: true });
    expect(valueOf(good, "certificate.days")).toBeCloseTo(10, 1);
    expect(asked).toBe(1);
    const old = await read(sensor, { parameters: parametersFor(await serve(-1)) });
    expect(checkOf(old)).toMatchObject({ ok: false, symptom: "certificate" });
    expect(checkOf(old)?.reason).toContain("it has expired");
    expect(valueOf(old, "certificate.days")).toBeCloseTo(-1, 1);
    expect(asked).toBe(1);
  });
});
