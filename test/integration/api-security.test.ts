/** Whoever may not, cannot: foreign hosts and origins, used links, guessed tokens, markup. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiBench, token } from "./api-bench.ts";

let bench: ApiBench;
beforeAll(async () => {
  bench = await ApiBench.start();
  await bench.fallIll();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

const paths = [
  "/",
  "/livez",
  "/api/v1/services",
  "/trpc/health",
  "/metrics",
  "/nothing",
  "/%ff",
  "/api/v1/events",
];

describe("addresses", () => {
  test.each(paths)(
    "%s is refused under a foreign Host, a foreign port and a foreign Origin",
    async (path) => {
      const { port } = bench.api;
      const attacks = [
        { host: "rebound.example" },
        { host: `rebound.example:${port}` },
        { host: "localhost" },
        { host: `localhost:${port + 1}` },
        { host: `localhost:${port}.rebound.example` },
        { origin: "http://rebound.example" },
        { origin: `http://localhost:${port + 1}` },
        { origin: "null" },
        { origin: `http://localhost:${port}@rebound.example` },
      ];
      for (const headers of attacks) {
        const answer = await bench.ask(path, { headers, token });
        expect([headers, answer.status]).toEqual([headers, 403]);
        expect(answer.text).toContain("FORBIDDEN_ORIGIN");
      }
    },
  );

  test("our own names are let in", async () => {
    const { port } = bench.api;
    for (const host of [
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      `LOCALHOST:${port}`,
    ]) {
      const answer = await bench.ask("/api/v1/services", {
        headers: { host, origin: `http://${host}` },
      });
      expect([host, answer.status]).toEqual([host, 200]);
    }
  });

  test("nobody gets permission to read across origins", async () => {
    const headers = { origin: "http://rebound.example", "access-control-request-method": "POST" };
    const answer = await bench.ask("/api/v1/mode", { method: "OPTIONS", headers });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual(
      [],
    );
  });
});

test("a connection that asks nothing is closed soon", async () => {
  const { hostname, port } = new URL(bench.api.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume().write("GET /livez HTTP/1.1\r\n");
  await closed;
});

describe("tokens", () => {
  test("after ten wrong ones the next are told to wait; the right one is not", async () => {
    await using other = await ApiBench.start();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      statuses.push((await other.ask("/api/v1/services", { token: `wrong-${attempt}` })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    const refused = await other.ask("/api/v1/services", { token: "wrong" });
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: "TOO_MANY_ATTEMPTS" } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await other.ask("/api/v1/config", { token })).status).toBe(200);
    await other.house.advance(61_000);
    expect((await other.ask("/api/v1/services", { token: "wrong" })).status).toBe(401);
  });

  test.each(["", "Basic abc", "Bearer", `Bearer ${token} x`, `Token ${token}`])(
    "%j is no credential",
    async (authorization) => {
      const answer = await bench.ask("/api/v1/config", { headers: { authorization } });
      expect([401, 429]).toContain(answer.status);
    },
  );
});

describe("the link for the page", () => {
  const link = async (other: ApiBench): Promise<string> => {
    const answer = await other.ask("/api/v1/session-link", { method: "POST", token });
    expect(answer.status).toBe(201);
    return (JSON.parse(answer.text) as { url: string }).url.replace(other.api.url, "");
  };

  test("is made for who has the token only", async () => {
    expect((await bench.ask("/api/v1/session-link", { method: "POST" })).status).toBe(401);
  });

  test("works once, and the cookie lets the page act from its own origin only", async () => {
    const path = await link(bench);
    const first = await bench.ask(path);
    expect([first.status, first.headers["location"]]).toEqual([303, "/"]);
    const cookie = String(first.headers["set-cookie"]);
    expect(cookie).toMatch(
      /^soulmirror_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/,
    );
    expect((await bench.ask(path)).status).toBe(401);

    const session = { cookie: cookie.split(";")[0] ?? "" };
    const act = { method: "POST", headers: session };
    const restart = "/api/v1/services/service-0/restart";
    expect((await bench.ask(restart, act)).status).toBe(401);
    const ours = { ...session, origin: bench.api.url };
    expect((await bench.ask(restart, { method: "POST", headers: ours })).status).toBe(202);
    expect(bench.house.requests.at(-1)?.by).toBe("page");
    expect((await bench.ask("/", { headers: session })).text).toContain("data-post=");
    expect((await bench.ask("/")).text).not.toContain("data-post=");
  });

  test("ends after a minute, and the session after half a day", async () => {
    await using other = await ApiBench.start();
    const late = await link(other);
    await other.house.advance(60_000);
    expect((await other.ask(late)).status).toBe(401);
    const opened = await other.ask(await link(other));
    const headers = { cookie: String(opened.headers["set-cookie"]).split(";")[0] ?? "" };
    expect((await other.ask("/api/v1/config", { headers })).status).toBe(200);
    other.house.world.nowMs += 12 * 3_600_000;
    expect((await other.ask("/api/v1/config", { headers })).status).toBe(401);
  });

  test("a made-up cookie is nobody's", async () => {
    const headers = { cookie: `soulmirror_${bench.api.port}=${"a".repeat(43)}` };
    expect((await bench.ask("/api/v1/config", { headers })).status).toBe(401);
  });
});

describe("the page", () => {
  test("comes with a policy that allows no inline script, and has none", async () => {
    const page = await bench.ask("/");
    expect(page.headers).toMatchObject({
      "content-security-policy": expect.stringContaining(
        "default-src 'none'; script-src 'self'",
      ) as unknown,
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/);
    expect(page.text).toContain("incidents");
    for (const [path, type] of [
      ["/page.js", "text/javascript"],
      ["/page.css", "text/css"],
    ] as const) {
      expect((await bench.ask(path)).headers["content-type"]).toContain(type);
    }
  });

  test("shows what services say as text, never as markup", async () => {
    const { house } = bench;
    const [failure] = house.openFailures();
    const [incident] = house.liveIncidents();
    if (!failure || !incident) throw new Error("something is wrong in this fleet");
    const reason = `<img src=x onerror="alert(1)">`;
    await house.write([
      { kind: "failure_raised", failure: { ...failure, reason } },
      { kind: "incident", incident: { ...incident, title: reason } },
    ]);
    const page = await bench.ask("/");
    expect(page.text).toContain("&lt;img src=x");
    expect(page.text).not.toContain("<img");
  });
});
