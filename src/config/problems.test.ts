import { describe, expect, it } from "vitest";
import { loadFleet } from "./load-fleet.ts";
import { type ConfigProblem, formatProblem } from "./problem.ts";

function problemsOf(text: string): readonly ConfigProblem[] {
  const files = [{ path: "f.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  return loaded.ok ? [] : loaded.error;
}

/** Each: the text, then what `formatProblem` says of its one problem. */
const cases: readonly (readonly [name: string, text: string, says: string])[] = [
  [
    "an unknown key",
    "mode: full\nservces: {}\n",
    `f.yaml:2:1 servces: unknown key "servces"
  fix: did you mean "services"?`,
  ],
  [
    "an unknown key of a service",
    "services:\n  a:\n    command: x\n    helth_check: /h\n",
    `f.yaml:4:5 services.a.helth_check: unknown key "helth_check"
  fix: did you mean "health_check"?`,
  ],
  [
    "a wrong word",
    "mode: ful\n",
    `f.yaml:1:7 mode: expected off | shadow | monitor | limited | full, found "ful"
  fix: did you mean "full"?`,
  ],
  [
    "what follows escalate",
    "services:\n  a:\n    command: x\n    recovery_strategy: [reconnect, escalate, restart]\n",
    `f.yaml:4:46 services.a.recovery_strategy[2]: restart is never tried: the order ends with escalate
  fix: write restart before escalate, or leave it out`,
  ],
  [
    "a NUL in a command",
    'services: { a: { command: "x\\0y" } }',
    `f.yaml:1:27 services.a.command: it holds a NUL character, which ends a text for the system ("x\\u0000y")
  fix: take it out`,
  ],
  [
    "a NUL in the environment",
    'services: { a: { command: x, env: { A: "b\\0c" } } }',
    `f.yaml:1:40 services.a.env.A: it holds a NUL character, which ends a text for the system ("b\\u0000c")
  fix: take it out`,
  ],
  [
    "a method of two words",
    "resources: { http/x: { url: http://x/, method: GE T } }",
    `f.yaml:1:48 resources.http/x.method: expected a method, found "GE T"
  fix: write one word, for example GET`,
  ],
  [
    "a header field of two lines",
    'resources: { http/x: { url: http://x/, headers: { a: "b\\r\\nc: d" } } }',
    `f.yaml:1:54 resources.http/x.headers.a: a header field is one line ("***")
  fix: write it without line breaks`,
  ],
  [
    "a name of a header field that is none",
    'resources: { http/x: { url: http://x/, headers: { "a b": c } } }',
    `f.yaml:1:51 resources.http/x.headers.a b: this cannot be the name of a header field
  fix: write letters, digits and hyphens`,
  ],
  [
    "a name that is taken",
    "resources: { host/pressure: {} }",
    "f.yaml:1:14 resources.host/pressure: this name is taken\n  fix: choose another name",
  ],
  [
    "a wrong duration",
    "services: { a: { command: x, stop: { grace: soon } } }",
    `f.yaml:1:45 services.a.stop.grace: expected a duration, found "soon"
  fix: write for example 500ms, 30s, 1m30s or 2h`,
  ],
  [
    "a wrong size",
    "services: { a: { command: x, limits: { memory: big } } }",
    `f.yaml:1:48 services.a.limits.memory: expected a size, found "big"
  fix: write for example 512MB or 2GB`,
  ],
  [
    "a missing key",
    "services:\n  a:\n    cwd: x\n",
    "f.yaml:2:3 services.a.command: it is missing\n  fix: add `command`: `node server.js` or [node, server.js]",
  ],
  [
    "an empty service",
    "services:\n  a:\n",
    `f.yaml:2:3 services.a: expected keys with values, found null
  fix: use some of: command`,
  ],
  [
    "a pipe",
    "services: { a: { command: a | b } }",
    `f.yaml:1:27 services.a.command: "|" needs a shell, and commands are run without one ("a | b")
  fix: quote it`,
  ],
  [
    "an open quote",
    `services: { a: { command: "a 'b" } }`,
    `f.yaml:1:27 services.a.command: a single quote is not closed ("a 'b")
  fix: close or quote it`,
  ],
  [
    "a port out of range",
    "services: { a: { command: x, listen: 70000 } }",
    `f.yaml:1:38 services.a.listen: expected a whole number from 1 to 65535, found 70000
  fix: write`,
  ],
  [
    "a wrong strategy",
    "services: { a: { command: x, recovery_strategy: [restrat] } }",
    `f.yaml:1:50 services.a.recovery_strategy[0]: expected a strategy, found "restrat"
  fix: did you mean "restart"?`,
  ],
  [
    "an undeclared command",
    "services: { a: { command: x, recovery_strategy: 'command:c' } }",
    `f.yaml:1:49 services.a.recovery_strategy: there is no command "c" (none is declared)
  fix: declare it below \`commands\``,
  ],
  [
    "a wrong name",
    "services: { a b: { command: x } }",
    `f.yaml:1:13 services.a b: a service is named with letters, digits, "-" and "_"
  fix: rename it`,
  ],
  [
    "a wrong list item",
    "services: { a: { command: x, work: [{ counter: c }] } }",
    `f.yaml:1:37 services.a.work[0].waiting: it is missing
  fix: add \`waiting\`: `,
  ],
  [
    "two ways to ask",
    "services: { a: { command: x, health_check: { tcp: 1, http: /h } } }",
    `f.yaml:1:44 services.a.health_check: expected one of http, tcp, command, heartbeat; found http and tcp
  fix: keep one`,
  ],
  [
    "an unknown key of a probe",
    "services: { a: { command: x, health_check: { tcp: 1, intervall: 1s } } }",
    `f.yaml:1:54 services.a.health_check.intervall: unknown key "intervall"
  fix: did you mean "interval"?`,
  ],
  [
    "a storm of probes",
    "services: { a: { command: x, health_check: { tcp: 1, interval: 1ms } } }",
    `f.yaml:1:64 services.a.health_check.interval: it is shorter than 10ms ("1ms")
  fix: write at least 10ms`,
  ],
  [
    "more bad looks than looks",
    "services: { a: { command: x, health_check: { tcp: 1, down: 4, of: 3 } } }",
    `f.yaml:1:60 services.a.health_check.down: 4 bad looks of 3 can never be
  fix: make`,
  ],
  [
    "a path without address",
    "services: { a: { command: x, health_check: /h } }",
    `f.yaml:1:44 services.a.health_check: "/h" is a path, but the service has no address
  fix: add \`listen\``,
  ],
  [
    "two instances without listen",
    "services:\n  a:\n    command: x\n    instances: 2\n",
    `f.yaml:4:16 services.a.instances: 2 instances need \`listen\`
  fix: add \`listen\``,
  ],
  [
    "scaling without listen",
    "services: { a: { command: x, scale: { max: 2 } } }",
    `f.yaml:1:44 services.a.scale.max: scaling to 2 instances needs \`listen\`
  fix: add \`listen\``,
  ],
  [
    "one port twice",
    "services: { a: { command: x, listen: 1 }, b: { command: x, listen: 1 } }",
    `f.yaml:1:68 services.b.listen: port 1 belongs to service a already
  fix: choose another port`,
  ],
  [
    "the API's port",
    "services: { a: { command: x, listen: 5050 } }",
    `f.yaml:1:38 services.a.listen: port 5050 belongs to the API (\`api.port\`) already
  fix: choose another port`,
  ],
  [
    "an unknown need",
    "services: { a: { command: x, depends_on: [ledgr] } }\nresources: { files/ledger: { path: x } }",
    `f.yaml:1:43 services.a.depends_on[0]: there is no "ledgr"
  fix: did you mean "ledger"?`,
  ],
  [
    "an ambiguous need",
    "services: { a: { command: x, depends_on: db } }\nresources: { tcp/db: { port: 1 }, files/db: { path: x } }",
    `f.yaml:1:42 services.a.depends_on: "db" may be tcp/db or files/db
  fix: write tcp/db`,
  ],
  [
    "a circle",
    "services:\n  a: { command: x, depends_on: b }\n  b: { command: x, depends_on: [c] }\n  c: { command: x, depends_on: a }\n",
    `f.yaml:2:32 services.a.depends_on: they need each other: service/a -> service/b -> service/c -> service/a
  fix: take one`,
  ],
  [
    "a missing secret",
    "services: { a: { command: x, env: { T: { env: GONE } } } }",
    `f.yaml:1:40 services.a.env.T: the environment has no variable GONE
  fix: set GONE`,
  ],
  [
    "an unknown kind",
    "resources: { tpc/x: { port: 1 } }",
    `f.yaml:1:14 resources.tpc/x: unknown kind "tpc"
  fix: did you mean "tcp"?`,
  ],
  [
    "a resource without kind",
    "resources: { x: { port: 1 } }",
    `f.yaml:1:14 resources.x: "x" is not KIND/NAME
  fix: name it KIND/NAME; kinds are http`,
  ],
  [
    "a missing parameter",
    "resources: { http/x: {} }",
    `f.yaml:1:14 resources.http/x.url: it is missing
  fix: add`,
  ],
  [
    "a series without limit",
    "resources: { prometheus/x: { url: 'http://h', series: [{ name: n }] } }",
    `f.yaml:1:56 resources.prometheus/x.series[0]: it has no limit
  fix: add above`,
  ],
  [
    "a broken expression",
    "resources: { log/x: { file: f, pattern: [a] }, http/x: { url: 'http://h', expect: { body: '/(/' } } }",
    `f.yaml:1:91 resources.http/x.expect.body: Invalid regular expression: /(/: Unterminated group ("/(/")
  fix: correct`,
  ],
  [
    "a duplicate key",
    "mode: full\nmode: off\n",
    `f.yaml:2:1 mode: the key "mode" is there twice
  fix: keep one of the two`,
  ],
  [
    "a tab",
    "services:\n\ta: { command: x }\n",
    `f.yaml:2:1 Tabs are not allowed as indentation
  fix: indent with spaces`,
  ],
  [
    "a name of the API with a scheme",
    "api: { hosts: [https://box.example] }",
    `f.yaml:1:16 api.hosts[0]: expected HOST or HOST:PORT, found "https://box.example"
  fix: write box.example`,
  ],
  [
    "a second document",
    "mode: full\n---\nmode: off\n",
    `f.yaml:2:1 it holds several documents
  fix: keep one document`,
  ],
  [
    "a list",
    "- a\n",
    `f.yaml:1:1 expected keys with values, found a list
  fix: begin with`,
  ],
];

describe("every problem names its place, the value and the fix", () => {
  it.each(cases)("%s", (_name, text, says) => {
    const problems = problemsOf(text).map(formatProblem);
    expect(problems.map((text) => text.slice(0, says.length))).toEqual([says]);
  });

  it("all at once, in the order of the file", () => {
    const found = problemsOf("mode: x\nfleet: 1\nservices: { a: {} }\napi: no\n");
    expect(found.map(({ key }) => key)).toEqual(["mode", "fleet", "services.a.command", "api"]);
  });

  it("also an unknown need and a circle, beside what does not fit the schema", () => {
    const found = problemsOf(
      "mode: x\nservices:\n  a: { command: x, depends_on: [b, ledgr] }\n  b: { depends_on: a }\n",
    );
    const bad = ["mode", "services.a.depends_on", "services.a.depends_on[1]", "services.b.command"];
    expect(found.map(({ key }) => key)).toEqual(bad);
  });

  it("but not the needs of a file that cannot be read to its end", () => {
    const found = problemsOf(
      "services:\n  a: { command: x, depends_on: b }\n  b: { command: 'x }\n",
    );
    expect(found.map(({ message }) => message).join()).not.toContain("there is no");
  });

  it("of defaults once, however many services there are", () => {
    const text =
      "defaults: { services: { timeout: x } }\nservices: { a: { command: x }, b: { command: x } }";
    expect(problemsOf(text)).toHaveLength(1);
  });

  it("values that are secret are not in it", () => {
    const [found] = problemsOf("services: { a: { command: x, env: { API_TOKEN: [hunter2] } } }");
    expect(found?.message).toContain("***");
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });
});

describe("a hostile file", () => {
  it("cannot laugh a billion times", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 10; level += 1) {
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
      );
    }
    expect(problemsOf(lines.join("\n"))[0]?.message).toContain("aliases");
  });

  it("cannot contain itself, nest without end or touch prototypes", () => {
    expect(problemsOf("a: &a [*a]")[0]?.message).toContain("deep");
    for (const levels of [60, 20_000]) {
      const text = `a: ${"[".repeat(levels)}${"]".repeat(levels)}`;
      expect(problemsOf(text)[0]?.message).toBe("it is nested more than 40 levels deep");
    }
    expect(problemsOf("__proto__: { x: 1 }")[0]?.message).toBe("this cannot be a key");
  });
});
