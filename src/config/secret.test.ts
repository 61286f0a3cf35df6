import { describe, expect, it } from "vitest";
import { failed, success } from "../kernel/index.ts";
import { findHook } from "./hook-reference.ts";
import { type LoadedFleet, loadFleet } from "./load-fleet.ts";
import { maskedFleet } from "./mask.ts";
import { formatProblem } from "./problem.ts";
import type { ConfigSources } from "./sources.ts";

const files: Readonly<Record<string, string>> = {
  "/srv/shop/token": "t0ken-in-a-file\n",
  "/run/secrets/url": "https://hooks.example/T000/hookhook\r\n",
  "/run/secrets/empty": "\n",
  "/run/secrets/words": "not an address",
  "/srv/shop/ca.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
};
const environment = { KEY: "k3y-of-the-daemon", PASS_FILE: "/srv/shop/token" };

function read(text: string): ReturnType<typeof loadFleet> {
  const sources: ConfigSources = {
    files: [{ path: "soulmirror.yaml", text }],
    environment,
    readSecretFile: (path) => {
      const found = files[path];
      return found === undefined ? failed("there is no such file") : success(found);
    },
    baseDir: "/srv/shop",
    hash: (each) => `hash-${each.length}`,
  };
  return loadFleet(sources);
}

function load(text: string): LoadedFleet {
  const loaded = read(text);
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value;
}

function problemIn(text: string): string {
  const loaded = read(text);
  return loaded.ok ? "" : loaded.error.map(formatProblem).join("\n");
}

const full = `
services:
  a:
    command: node a.js
    env: { KEY: { env: KEY }, PASS: { env: PASS }, TOKEN: { file: ./token }, DB_PASSWORD_FILE: ./secret }
    reconnect:
      url: { file: /run/secrets/url }
      headers: { Authorization: { file: token, prefix: "Bearer " }, X-Key: { env: KEY } }
      body: { env: KEY }
      undo_url: https://hooks.example/T000/back-again
    webhooks: { page: "https://hooks.example/T111/inline-secret" }
`;

describe("secrets", () => {
  it("come from the environment, from the file that NAME_FILE names, and from files", () => {
    const { fleet, secrets } = load(full);
    expect(fleet.services["a"]?.env).toEqual({
      KEY: "k3y-of-the-daemon",
      PASS: "t0ken-in-a-file",
      TOKEN: "t0ken-in-a-file",
      // What merely names a file is passed as it is.
      DB_PASSWORD_FILE: "./secret",
    });
    expect(fleet.services["a"]?.secrets).toEqual({
      KEY: { env: "KEY" },
      PASS: { env: "PASS" },
      TOKEN: { file: "/srv/shop/token" },
    });
    expect(fleet.services["a"]?.hooks.reconnect).toMatchObject({
      url: "https://hooks.example/T000/hookhook",
      headers: { Authorization: "Bearer t0ken-in-a-file", "X-Key": "k3y-of-the-daemon" },
      body: "k3y-of-the-daemon",
    });
    const all = ["k3y-of-the-daemon", "t0ken-in-a-file", "https://hooks.example/T000/hookhook"];
    expect(new Set(secrets)).toEqual(new Set(all));
  });

  it("are shown nowhere, nor are the addresses of webhooks", () => {
    const { fleet, explain } = load(full);
    const shown = [
      maskedFleet(fleet),
      ...["services", "services.a.reconnect", "services.a.reconnect.url", "services.a.env"].map(
        (key) => explain(key),
      ),
      explain("services.a.webhooks.page"),
    ];
    const secret = /k3y-of|t0ken-in|hookhook|inline-secret|back-again/;
    expect(JSON.stringify(shown)).not.toMatch(secret);
    expect(explain("services.a.reconnect.url")?.value).toBe("***");
    expect(explain("services.a.webhooks.page")?.value).toBe("https://hooks.example/***");
    expect(explain("services.a.env.DB_PASSWORD_FILE")?.value).toBe("./secret");
  });

  it("are headers of scrapes as well, shown nowhere", () => {
    const headers = '{ Authorization: { file: token, prefix: "Bearer " } }';
    const { fleet } = load(`
services: { a: { command: x, work: [{ url: "http://h/m", headers: ${headers}, counter: c, waiting: w }] } }
resources: { prometheus/p: { url: "http://h/m", headers: ${headers}, series: [{ name: s, above: 1 }] } }`);
    const Authorization = "Bearer t0ken-in-a-file";
    expect(fleet.services["a"]?.work).toMatchObject([{ headers: { Authorization } }]);
    expect(fleet.resources["prometheus/p"]?.probe.parameters).toMatchObject({
      headers: { Authorization },
    });
    expect(JSON.stringify(maskedFleet(fleet))).not.toContain("t0ken");
  });

  it.each([
    [
      "env: { T: { file: /run/secrets/gone } }",
      `soulmirror.yaml:1:40 services.a.env.T: the secret file /run/secrets/gone cannot be read: there is no such file
  fix: write it there, or write the value`,
    ],
    [
      "env: { T: { file: /run/secrets/empty } }",
      `soulmirror.yaml:1:40 services.a.env.T: the secret file /run/secrets/empty is empty
  fix: write it there, or write the value`,
    ],
    [
      "env: { T: { env: GONE } }",
      `soulmirror.yaml:1:40 services.a.env.T: the environment has no variable GONE
  fix: set GONE or GONE_FILE, or write the value`,
    ],
    [
      "reconnect: { url: { file: /run/secrets/words } }",
      `soulmirror.yaml:1:48 services.a.reconnect.url: what it refers to is not a URL
  fix: let it hold http://HOST:PORT/PATH and nothing else`,
    ],
    [
      "env: { T: { env: KEY, file: token } }",
      `soulmirror.yaml:1:40 services.a.env.T: it names not exactly one place
  fix: write { env: NAME } or { file: PATH }`,
    ],
    [
      "reconnect: { url: { fil: x } }",
      `soulmirror.yaml:1:50 services.a.reconnect.url.fil: unknown key "fil"
  fix: did you mean "file"?`,
    ],
  ])("that cannot be had are problems with place and fix: %s", (keys, problem) => {
    expect(problemIn(`services: { a: { command: x, ${keys} } }`)).toContain(problem);
  });
});

describe("a hook", () => {
  it("is found by its name, with the environment of its service", () => {
    const { fleet } = load(full);
    expect(findHook(fleet, "service/a#webhooks.page")).toMatchObject({
      hook: { kind: "webhook", url: "https://hooks.example/T111/inline-secret" },
      cwd: "/srv/shop",
      env: { DB_PASSWORD_FILE: "./secret" },
      secretEnv: ["KEY", "PASS", "TOKEN"],
    });
    const gone = ["service/a#alternative", "service/b#reconnect", "http/x#reconnect", "", "#"];
    const tricks = ["service/a#webhooks.constructor", "service/constructor#reconnect"];
    for (const name of [...gone, ...tricks]) expect(findHook(fleet, name)).toBeUndefined();
  });
});

describe("authorities", () => {
  const declared = (path: string): string => `
services: { a: { command: x, liveness: { http: "https://h/", authorities: ${path} } } }
resources:
  http/a: { url: "https://h/", authorities: ${path} }
  tls/a: { host: h, authorities: ${path} }
  prometheus/a: { url: "https://h/", authorities: ${path}, series: [{ name: s, above: 1 }] }`;

  it("are read from their file, for everything that asks over TLS", () => {
    const { services, resources } = load(declared("ca.pem")).fleet;
    const probes = [services["a"]?.liveness, ...Object.values(resources).map((each) => each.probe)];
    const pem = files["/srv/shop/ca.pem"];
    expect(probes.map((probe) => probe?.parameters["authorities"])).toEqual([pem, pem, pem, pem]);
  });

  it("that are not there, or no certificates, are told where they are named", () => {
    const gone = problemIn(declared("gone.pem")).split("\n");
    expect(gone).toHaveLength(8);
    expect(gone.slice(2, 4)).toEqual([
      "soulmirror.yaml:4:45 resources.http/a.authorities: /srv/shop/gone.pem holds no certificates of authorities: there is no such file",
      "  fix: name a file of certificates that begin with -----BEGIN CERTIFICATE-----",
    ]);
    expect(problemIn(declared("token"))).toContain("there is no PEM in it");
  });
});
