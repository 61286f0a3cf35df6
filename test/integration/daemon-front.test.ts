/** Front addresses that strangers hold: each is a matter of its own, as is the proxy itself. */
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { FleetBench } from "./fleet-bench.ts";
import { Stranger } from "./stranger.ts";

test("a front address that a stranger holds is told with its holder, and taken when it is free", async () => {
  using stranger = await Stranger.at();
  const { port } = stranger;
  await using bench = new FleetBench();
  bench.declare({
    services: { shop: bench.toy("shop", { listen: port, health_check: "/health" }) },
  });
  await bench.start();
  const { failure } = await bench.entry("failure_raised", () => true);
  expect(failure).toMatchObject({
    type: "proxy_listen",
    resource: "proxy/front",
    severity: "critical",
  });
  expect(failure.reason).toContain(
    `the proxy cannot listen for shop: port ${port} is held by pid ${process.pid} (`,
  );
  await bench.entry("plan", ({ plan }) => plan.strategy === "wait_for_port");
  stranger.leave();
  await bench.settled();
  const types = (await bench.entries("failure_raised")).map((entry) => entry.failure.type);
  expect(types).toEqual(["proxy_listen"]);
});

test("of two front addresses that strangers hold each is told with its service, and is over when it is free", async () => {
  using one = await Stranger.at();
  using two = await Stranger.at();
  await using bench = new FleetBench();
  bench.declare({ services: { ...shop(bench, one.port, "one"), ...shop(bench, two.port, "two") } });
  await bench.start();
  for (const [name, { port }] of [["one", one] as const, ["two", two] as const]) {
    const reason = `the proxy cannot listen for ${name}: port ${port} is held by pid ${process.pid} (`;
    const isTold = async () => (await bench.service(name)).reason?.startsWith(reason) === true;
    await bench.until(isTold, `${name} is told`);
  }
  // The later one: what is waited for first is the other.
  const [first, second] = (await bench.entries("failure_raised")).map(({ failure }) => failure);
  const strangers = { one, two };
  const [held, freed] = [first?.part, second?.part] as ["one" | "two", "one" | "two"];
  strangers[freed].leave();
  await bench.state(freed, "healthy");
  expect((await bench.service(held)).state).toBe("unhealthy");
  expect(await bench.get("/api/v1/incidents?live=true")).toHaveLength(1);
  strangers[held].leave();
  await bench.settled();
  expect((await bench.entries("failure_raised")).map(({ failure }) => failure.part)).toHaveLength(
    2,
  );
});

test("a service that leaves the fleet file takes its held address along, and the wait for it", async () => {
  using one = await Stranger.at();
  using two = await Stranger.at();
  await using bench = new FleetBench();
  const both = { ...shop(bench, one.port, "one"), ...shop(bench, two.port, "two") };
  bench.declare({ services: both });
  await bench.start();
  await bench.until(async () => (await bench.entries("failure_raised")).length === 2, "both fail");
  const { plan } = await bench.entry("plan", (each) => each.plan.strategy === "wait_for_port");
  const waited = plan.steps[0]?.parameters["service"] as "one" | "two";
  const left = waited === "one" ? "two" : "one";
  bench.declare({ services: { [left]: both[left] } });
  await bench.entry("plan", (each) => each.plan.steps[0]?.parameters["service"] === left);
  const [own] = await bench.get<{ failures: string[] }[]>("/api/v1/incidents?live=true");
  // On a busy machine the incident may hold a look that came too late as well.
  const held = (await bench.entries("failure_raised"))
    .map(({ failure }) => failure)
    .filter(({ id, type }) => type === "proxy_listen" && own?.failures.includes(id));
  expect(new Set(held.map(({ part }) => part))).toEqual(new Set(["one", "two"]));
  expect(held).toHaveLength(2);
  for (const stranger of [one, two]) stranger.leave();
  await bench.settled();
});

test("a front proxy that is killed is replaced while a stranger holds an address", async () => {
  using stranger = await Stranger.at();
  const port = await freePort();
  await using bench = new FleetBench();
  bench.declare({
    services: { ...shop(bench, stranger.port, "deaf"), ...shop(bench, port, "heard") },
  });
  await bench.start();
  await bench.entry("plan", ({ plan }) => plan.strategy === "wait_for_port");
  await bench.state("heard", "healthy");
  process.kill((await bench.proxy())?.pid ?? 0, "SIGKILL");
  const { verdict } = await bench.entry("verdict", (each) => each.verdict.healed);
  const { action } = await bench.entry("action", (each) => each.action.id === verdict.action);
  expect(action.plan.strategy).toBe("restart_proxy");
  expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe("200");
  expect((await bench.service("deaf")).state).toBe("unhealthy");
  stranger.leave();
  await bench.settled();
  const proxies = (await bench.entries("plan")).filter(
    (each) => each.plan.strategy === "restart_proxy",
  );
  expect(proxies).toHaveLength(1);
});

test("another front address in the fleet file ends the wait for one that a stranger holds", async () => {
  using stranger = await Stranger.at();
  const free = await freePort();
  await using bench = new FleetBench();
  const shop = (listen: number) => ({
    services: { shop: bench.toy("shop", { listen, health_check: "/health" }) },
  });
  bench.declare(shop(stranger.port));
  await bench.start();
  await bench.entry("plan", ({ plan }) => plan.strategy === "wait_for_port");
  bench.declare(shop(free));
  await bench.settled();
  expect(await (await fetch(`http://127.0.0.1:${free}/health`)).text()).toBe("200");
});

function shop(bench: FleetBench, listen: number, name = "shop") {
  return { [name]: bench.toy(name, { listen, health_check: "/health" }) };
}
