import { describe, expect, it } from "vitest";
import { diffFleets } from "./diff-fleets.ts";
import type { Fleet } from "./fleet.ts";
import { loadFleet } from "./load-fleet.ts";

function load(text: string): Fleet {
  const files = [{ path: "f.yaml", text }];
  const environment = { OLD: "old-secret", NEW: "new-secret" };
  const loaded = loadFleet({ files, environment, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join("\n"));
  return loaded.value.fleet;
}

const base = "services: { a: { command: x, listen: 1, health_check: /h, stop: { grace: 1s } } }";

describe("the difference of two fleets", () => {
  it("of equal ones is nothing, remarks and order aside", () => {
    expect(diffFleets(load(base), load(`# again\n${base}`))).toEqual({ changes: [], lines: [] });
  });

  it("says what comes, goes and changes, and what that costs", () => {
    const before = load(`${base}\nresources: { tcp/db: { port: 1 }, tcp/old: { port: 2 } }`);
    const after = load(`
budgets: { crashes: 3 }
services:
  a: { command: x, listen: 1, health_check: /h, stop: { grace: 2s } }
  b: { command: y }
resources: { tcp/db: { port: 9 } }`);
    expect(diffFleets(before, after).lines).toEqual([
      "~ fleet changed: no restart needed",
      "    budgets.crashes: 10 -> 3",
      "~ service/a changed: no restart needed",
      "    stop.graceMs: 1000 -> 2000",
      "+ service/b added: is started",
      "~ tcp/db changed: no restart needed",
      "    probe.parameters.port: 1 -> 9",
      "- tcp/old removed",
    ]);
    expect(diffFleets(after, before).lines).toContain("- service/b removed: is stopped");
  });

  it("tells a change that restarts from one that does not", () => {
    const changed = load(base.replace("command: x", "command: z, env: { A: b }"));
    expect(diffFleets(load(base), changed).changes).toEqual([
      {
        kind: "changed",
        subject: "service/a",
        effect: "restarts",
        keys: [
          { key: "command", before: ["x"], after: ["z"] },
          { key: "env.A", after: "b" },
        ],
      },
    ]);
  });

  it("promises no restart of what may have ended", () => {
    const job = (command: string): Fleet =>
      load(`services: { job: { command: ${command}, restart: never } }`);
    expect(diffFleets(job("x"), job("y")).lines[0]).toBe(
      "~ service/job changed: is restarted where it runs; if it has ended, `soulmirror start job` runs it again",
    );
  });

  it("does not show what probes and hooks took from the environment", () => {
    const resources = (name: string): string =>
      `resources: { command/q: { command: x, env: { DB: { env: ${name} } } } }`;
    const service = (name: string): string =>
      `services: { a: { command: x, env: { DB: { env: ${name} } }, liveness: { command: y },
        webhooks: { w: { url: "http://h", headers: { X-Odd: { env: ${name} } } } } } }`;
    const none = load("services: { a: { command: x } }");
    const before = load(`${service("OLD")}\n${resources("OLD")}`);
    const after = load(`${service("NEW")}\n${resources("NEW")}`);
    const texts = JSON.stringify([diffFleets(before, after), diffFleets(none, after)]);
    expect(texts).toContain("headers.X-Odd");
    expect(texts).toContain("probe.parameters.env.DB");
    expect(texts).not.toContain("-secret");
  });

  it("shows that a secret differs, never what it is", () => {
    const withEnv = (env: string): Fleet => load(`services: { a: { command: x, env: ${env} } }`);
    const difference = diffFleets(
      withEnv("{ DB: { env: OLD }, PASSWORD: uno, URL: 'redis://me:pw@h' }"),
      withEnv("{ DB: { env: NEW }, PASSWORD: due, URL: 'redis://me:px@h' }"),
    );
    const [change] = difference.changes;
    expect(change?.keys.map(({ key }) => key)).toEqual(["env.DB", "env.PASSWORD", "env.URL"]);
    expect(difference.lines).toContain("    env.DB: *** -> ***");
    expect(JSON.stringify(difference)).not.toMatch(/-secret|uno|due|pw|px/);
  });
});
