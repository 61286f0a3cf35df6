/** TLS, DNS, TCP and Prometheus sensors against real servers. */
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import { realClock } from "../../src/system/index.ts";
import { createDnsSensor } from "../../src/targets/dns/index.ts";
import { createPrometheusSensor, createWorkSensor } from "../../src/targets/prometheus/index.ts";
import { createTcpSensor } from "../../src/targets/tcp/index.ts";
import { createTlsSensor } from "../../src/targets/tls/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { type TestCertificate, testAuthority } from "../conformance/certificates.ts";
import { nameServer } from "../conformance/name-server.ts";
import { checkOf, read, requestOf, valueOf } from "../conformance/sensor.ts";

const clock = realClock;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("tls", () => {
  const sensor = createTlsSensor({ clock });

  function authorityInTest() {
    const folder = temporaryFolder("tls-sensor");
    return testAuthority(folder);
  }

  function serve(certificate: TestCertificate): Promise<number> {
    return listen(createTlsServer(certificate, (socket) => void socket.end()));
  }

  test("a good certificate: its days, names and serial", async () => {
    const authority = authorityInTest();
    const port = await serve(authority.issue("DNS:shop.example", 30));
    const parameters = { port, host: "127.0.0.1", servername: "shop.example", days: 14 };
    const readings = await read(sensor, {
      parameters: { ...parameters, authorities: authority.pem },
    });
    expect(checkOf(readings)).toMatchObject({ ok: true });
    expect(checkOf(readings)?.reason).toMatch(
      /^tls shop\.example:\d+: "leaf-1" of "Test Authority", serial [\dA-F]{16,}, 29 days left$/,
    );
    expect(valueOf(readings, "certificate.days")).toBeCloseTo(30, 1);
    expect(readings[1]).toMatchObject({ samples: [{ limit: 14 }] });
  });

  test.each([
    { what: "expired", names: "IP:127.0.0.1", days: -1, why: "it has expired" },
    { what: "for another name", names: "DNS:x.example", days: 30, why: "it is for another name" },
    { what: "of nobody we trust", names: "IP:127.0.0.1", days: 30, why: "its" },
  ])("a certificate that is $what", async ({ what, names, days, why }) => {
    const authority = authorityInTest();
    const port = await serve(authority.issue(names, days));
    const address = { host: "127.0.0.1", port };
    const parameters =
      what === "of nobody we trust" ? address : { ...address, authorities: authority.pem };
    const readings = await read(sensor, { parameters });
    expect(checkOf(readings)).toMatchObject({ ok: false, symptom: "certificate" });
    expect(checkOf(readings)?.reason).toContain(`the certificate is not valid, ${why}`);
    expect(valueOf(readings, "certificate.days")).toBeCloseTo(days, 1);
  });

  test("a renewed certificate shows by its serial", async () => {
    const authority = authorityInTest();
    const server = createTlsServer(
      authority.issue("IP:127.0.0.1", 5),
      (socket) => void socket.end(),
    );
    const parameters = {
      host: "127.0.0.1",
      port: await listen(server),
      authorities: authority.pem,
    };
    const before = await read(sensor, { parameters });
    server.setSecureContext(authority.issue("IP:127.0.0.1", 90));
    const after = await read(sensor, { parameters });
    expect(valueOf(before, "certificate.days")).toBeCloseTo(5, 1);
    expect(valueOf(after, "certificate.days")).toBeCloseTo(90, 1);
    const serial = (reason = ""): string | undefined => /serial (\w+)/.exec(reason)?.[1];
    expect(serial(checkOf(before)?.reason)).not.toBe(serial(checkOf(after)?.reason));
  });
});

describe("dns", () => {
  const sensor = createDnsSensor({ clock });

  test("answers, and what is expected among them", async () => {
    await using server = await nameServer({
      "A shop.example": ["10.0.0.1", "10.0.0.2"],
      "MX shop.example": ["10 Mail.shop.example"],
      "TXT shop.example": ["v=spf1 -all"],
    });
    const ask = async (parameters: JsonRecord) =>
      checkOf(await read(sensor, { parameters: { server: server.address, ...parameters } }));
    const name = "shop.example";
    const both = await ask({ name, expect: ["10.0.0.2", "10.0.0.1"] });
    expect(both?.reason).toMatch(/^A of shop\.example is 10\.0\.0\.1, 10\.0\.0\.2, [\d.]+ ms$/);
    expect(await ask({ name, type: "MX", expect: "mail.shop.example." })).toMatchObject({
      ok: true,
    });
    expect(await ask({ name, type: "TXT", expect: "v=spf1 -all" })).toMatchObject({ ok: true });
    const wrong = await ask({ name, expect: "10.0.0.9" });
    expect(wrong).toMatchObject({ ok: false, symptom: "content" });
    expect(wrong?.reason).toContain("is 10.0.0.1, 10.0.0.2 without the expected 10.0.0.9");
    expect(server.asked.length).toBeGreaterThanOrEqual(4);
  });

  test("what a name server can do instead of answering", async () => {
    await using server = await nameServer({
      "A refused.example": "refuse",
      "A broken.example": "fail",
      "A hang.example": "silence",
    });
    const ask = async (name: string, signal?: AbortSignal) =>
      checkOf(await read(sensor, { parameters: { name, server: server.address } }, signal));
    expect(await ask("none.example")).toMatchObject({ symptom: "unresolved" });
    expect(await ask("refused.example")).toMatchObject({ symptom: "unresolved" });
    expect(await ask("broken.example")).toMatchObject({ symptom: "unresolved" });
    const silent = await ask("hang.example", AbortSignal.timeout(50));
    expect(silent).toMatchObject({ ok: false, symptom: "timeout" });
  });
});

test("tcp: a port that accepts, one that does not, and the port of the instance", async () => {
  const sensor = createTcpSensor({ clock });
  const server = createServer((socket) => void socket.end());
  const port = await listen(server);
  expect(checkOf(await read(sensor, { parameters: {}, port }))).toMatchObject({
    ok: true,
    reason: `tcp 127.0.0.1:${port} accepts connections`,
  });
  await new Promise((resolve) => server.close(resolve));
  const parameters = { host: "localhost", port };
  expect(checkOf(await read(sensor, { parameters }))).toMatchObject({ symptom: "refused" });
  await expect(read(sensor, { parameters: {} })).rejects.toThrow("neither a port nor an instance");
});

describe("prometheus", () => {
  /** Serves what `text` holds at the time. */
  async function exporter(text: string) {
    const page = { text };
    const server = createHttpServer((_request, response) => void response.end(page.text));
    return { page, port: await listen(server) };
  }

  /** One second a look, so that rates are exact. */
  let lookMs = 0;
  const steps = { now: () => ({ wallMs: 0, monotonicMs: (lookMs += 500) }) };

  test("limits above, below and on the rate; every match is a sample", async () => {
    const { page, port } = await exporter(
      'up 1\nerrors_total{code="500"} 10\nerrors_total{code="404"} 99\n',
    );
    const sensor = createPrometheusSensor({ clock: steps });
    const series = [
      { name: "up", below: 1 },
      { name: "errors_total", labels: { code: "500" }, rateAbove: 5 },
    ];
    const request = requestOf("prometheus", { parameters: { path: "/metrics", series }, port });
    const look = () => sensor.read(request, new AbortController().signal);
    expect(checkOf(await look())).toMatchObject({ ok: true });
    page.text = 'up 1\nerrors_total{code="500"} 40\n';
    const grown = await look();
    const rate = valueOf(grown, 'rate(errors_total{code="500"})');
    expect(rate).toBe(30 / 1.5);
    expect(checkOf(grown)).toMatchObject({ ok: false, symptom: "threshold" });
    expect(checkOf(grown)?.reason).toBe('errors_total{code="500"} grows by 20 a second, above 5');
    page.text = 'up 0\nerrors_total{code="500"} 3\n';
    const fallen = await look();
    expect(valueOf(fallen, 'rate(errors_total{code="500"})')).toBe(2);
    expect(checkOf(fallen)?.reason).toBe("up is 0, below 1");
    sensor.forget?.(request.spec.key);
    expect(valueOf(await look(), 'rate(errors_total{code="500"})')).toBeUndefined();
  });

  test("a series that is not there is missing, an infinite one is past every limit", async () => {
    const { port } = await exporter("a +Inf\nb NaN\n");
    const sensor = createPrometheusSensor({ clock: realClock });
    const look = (name: string) =>
      read(sensor, { parameters: { path: "/", series: [{ name, above: 1 }] }, port });
    expect(checkOf(await look("c"))).toMatchObject({ ok: false, symptom: "missing" });
    expect(checkOf(await look("a"))).toMatchObject({ ok: false, symptom: "threshold" });
    expect(checkOf(await look("b"))).toMatchObject({ ok: true });
  });

  test("a page behind a token and an authority of our own is read with both, by work as well", async () => {
    const folder = temporaryFolder("prometheus-sensor");
    const authority = testAuthority(folder);
    const server = createHttpsServer(authority.issue("IP:127.0.0.1", 9), (request, response) => {
      response.statusCode = request.headers.authorization === "Bearer t0ken" ? 200 : 401;
      response.end("done 7\nwaiting 1\n");
    });
    const page = { url: `https://127.0.0.1:${await listen(server)}/metrics` };
    const key = { headers: { Authorization: "Bearer t0ken" }, authorities: authority.pem };
    const series = [{ name: "done", below: 1 }];
    const prometheus = createPrometheusSensor({ clock: realClock });
    const look = async (more: JsonRecord) =>
      checkOf(await read(prometheus, { parameters: { ...page, ...more, series } }));
    expect(await look(key)).toMatchObject({ ok: true });
    expect(await look({ ...key, headers: {} })).toMatchObject({ ok: false, symptom: "status" });
    expect(await look({ headers: key.headers })).toMatchObject({ symptom: "certificate" });
    const work = createWorkSensor({ clock: realClock });
    const parameters = { ...page, ...key, counter: "done", waiting: "waiting" };
    expect(await read(work, { parameters })).toMatchObject([{ done: 7, waiting: 1 }]);
  });

  test("work: sums over labels, or the labels that were named", async () => {
    const { port } = await exporter(
      'jobs_total{queue="a"} 3\njobs_total{queue="b"} 4\nwaiting{queue="a"} 1\nwaiting{queue="b"} 0\n',
    );
    const sensor = createWorkSensor({ clock: realClock });
    const look = (counter: string, waiting: string) =>
      read(sensor, { parameters: { url: "/metrics", counter, waiting }, port });
    expect(await look("jobs_total", "waiting")).toEqual([
      { kind: "work", counter: "jobs_total", done: 7, waiting: 1 },
    ]);
    expect(await look('jobs_total{queue="b"}', 'waiting{queue="b"}')).toMatchObject([
      { done: 4, waiting: 0 },
    ]);
    const [check] = await look("jobs_total", "none");
    expect(check).toMatchObject({ ok: false, symptom: "missing" });
  });
});
