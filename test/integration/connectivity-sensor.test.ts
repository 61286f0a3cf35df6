/** Has this machine a network itself? On the real kernel, and on what kernels have shown. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { realClock } from "../../src/system/index.ts";
import { createConnectivitySensor } from "../../src/targets/tcp/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { checkOf, read } from "../conformance/sensor.ts";

const clock = realClock;

async function freedPort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return address.port;
}

describe("with references", () => {
  const sensor = createConnectivitySensor({ clock });

  test("one that refuses is there, too", async () => {
    const reference = `127.0.0.1:${await freedPort()}`;
    const references = ["name.invalid:53", reference];
    const check = checkOf(await read(sensor, { parameters: { references } }));
    expect(check).toMatchObject({ ok: true, reason: `${reference} answers` });
  });

  test("none of them answers", async () => {
    const parameters = { references: ["name.invalid:53"] };
    const check = checkOf(await read(sensor, { parameters }));
    expect(check).toMatchObject({ ok: false });
    expect(check?.reason).toMatch(/^none of name\.invalid:53 answers/);
  });
});

describe("without references", () => {
  const parameters = { references: [] };

  test("a real network namespace without any link", () => {
    const script = join(import.meta.dirname, "connectivity-alone.ts");
    const words = ["-rn", process.execPath, script];
    const check: unknown = JSON.parse(execFileSync("unshare", words, { encoding: "utf8" }));
    expect(check).toMatchObject({ ok: false });
    expect(check).toHaveProperty(
      "reason",
      expect.stringMatching(/^this machine is cut off: (?:there is no route|no network)/),
    );
  });

  const headings = {
    route: "Iface Destination Gateway Flags\n",
    arp: "IP address HW type Flags\n",
  };
  const lan = "eth0\t000200C0\t00000000\t0001\n";
  const way = "eth0\t00000000\t010200C0\t0003\n";
  const gateway = "192.0.2.1 0x1 0x2 02:fc:00:00:00:05 * eth0\n";
  const silent = "192.0.2.1 0x1 0x0 00:00:00:00:00:00 * eth0\n";
  const wide =
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 1 0 450003 eth0\n";
  const near =
    "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 1 0 1 eth0\n";

  test.each([
    { what: "all is well", state: "up", route: lan + way, arp: gateway, six: near, why: undefined },
    { what: "a tunnel", state: "unknown", route: lan, arp: "", six: "", why: undefined },
    {
      what: "a dead link",
      state: "down",
      route: lan + way,
      arp: gateway,
      six: wide,
      why: /no network interface is up \(eth0\)/,
    },
    { what: "no route", state: "up", route: "", arp: "", six: near, why: /there is no route/ },
    { what: "IPv6 alone", state: "up", route: "", arp: "", six: wide, why: undefined },
    {
      what: "a dead gateway",
      state: "up",
      route: lan + way,
      arp: silent,
      six: near,
      why: /the gateway 192\.0\.2\.1 does not answer/,
    },
    {
      what: "a way around it",
      state: "up",
      route: lan + way,
      arp: silent,
      six: wide,
      why: undefined,
    },
  ])("$what", async ({ state, route, arp, six, why }) => {
    const procNet = temporaryFolder("links");
    const sysNet = join(procNet, "class");
    for (const [name, its] of [
      ["lo", "unknown"],
      ["eth0", state],
    ] as const) {
      mkdirSync(join(sysNet, name), { recursive: true });
      writeFileSync(join(sysNet, name, "operstate"), `${its}\n`);
    }
    writeFileSync(join(procNet, "route"), headings.route + route);
    writeFileSync(join(procNet, "arp"), headings.arp + arp);
    writeFileSync(join(procNet, "ipv6_route"), six);
    const sensor = createConnectivitySensor({ clock, roots: { procNet, sysNet } });
    const check = checkOf(await read(sensor, { parameters }));
    if (why === undefined) expect(check).toMatchObject({ ok: true });
    else expect(check?.reason).toMatch(why);
  });

  test("a kernel that shows nothing is not blamed", async () => {
    const roots = { procNet: "/nowhere", sysNet: "/nowhere" };
    const check = checkOf(await read(createConnectivitySensor({ clock, roots }), { parameters }));
    expect(check).toMatchObject({ ok: true });
  });
});
