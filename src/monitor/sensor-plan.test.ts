import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet, type ServiceSpec } from "../config/index.ts";
import { looksOfInstance, looksOfResources } from "./sensor-plan.ts";

function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

function service(keys: string): ServiceSpec {
  const found = fleetOf(`services: { a: { command: node a.js, ${keys} } }`).services["a"];
  if (found === undefined) throw new Error("there is no service a");
  return found;
}

const sensors = (keys: string): string[] =>
  looksOfInstance(service(keys), 1).running.map(({ sensor }) => sensor);

describe("looks of an instance", () => {
  it("reads its numbers in any case, more often where there is a limit", () => {
    const [free] = looksOfInstance(service(""), 1).running;
    expect(free).toMatchObject({ key: "instance/a.1#usage", intervalMs: 1000, parameters: {} });
    const [limited] = looksOfInstance(
      service("limits: { memory: 512MB, descriptors: 64 }"),
      1,
    ).running;
    expect(limited?.intervalMs).toBe(250);
    expect(limited?.parameters).toMatchObject({ descriptors: 64 });
  });

  it("has no startup look without a probe", () => {
    expect(looksOfInstance(service(""), 1).startup).toBeUndefined();
    const probed = looksOfInstance(service("liveness: http://127.0.0.1:1/live"), 1);
    expect(probed.startup).toMatchObject({ key: "instance/a.1#startup" });
  });

  it("asks the same question once, and different ones each", () => {
    expect(sensors("health_check: http://127.0.0.1:1/health")).toEqual(["usage", "liveness"]);
    const two = "liveness: http://127.0.0.1:1/live, readiness: http://127.0.0.1:1/ready";
    expect(sensors(two)).toEqual(["usage", "liveness", "readiness"]);
  });

  it("follows declared work", () => {
    const work = "work: [{ name: jobs, url: http://127.0.0.1:1/m, counter: c, waiting: w }]";
    expect(sensors(work)).toEqual(["usage", "work.jobs"]);
  });
});

describe("looks of resources", () => {
  it("are one each, and none of what is off", () => {
    const fleet = fleetOf(
      `resources:\n  tcp/a: { port: 1 }\n  tcp/b: { port: 2, mode: off }\n  host/here: {}`,
    );
    expect(looksOfResources(fleet).map(({ key }) => key)).toEqual([
      "tcp/a#tcp",
      "host/here#host",
      "host/pressure#pressure",
    ]);
  });

  it("ask how busy the machine is as soon as anything has to answer in time", () => {
    const keys = (text: string) => looksOfResources(fleetOf(text)).map(({ sensor }) => sensor);
    expect(keys("services: { a: { command: node a.js } }")).toEqual([]);
    expect(keys("services: { a: { command: node a.js, liveness: { tcp: 1 } } }")).toEqual([
      "pressure",
    ]);
  });

  it("watch the front proxy and the network only where there is a need", () => {
    const fleet = fleetOf(
      `services: { a: { command: node a.js, listen: 4100 } }
detection: { connectivity: ["192.0.2.1:53"] }`,
    );
    expect(looksOfResources(fleet).map(({ sensor }) => sensor)).toEqual(["proxy", "connectivity"]);
    expect(looksOfResources(fleetOf("services: { a: { command: node a.js } }"))).toEqual([]);
    const isAskedFarAway = fleetOf(
      "services: { a: { command: node a.js, liveness: https://a.example/health } }",
    );
    const looks = looksOfResources(isAskedFarAway);
    expect(looks.map(({ sensor }) => sensor)).toEqual(["connectivity", "pressure"]);
  });
});
