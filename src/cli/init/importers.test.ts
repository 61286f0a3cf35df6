import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadFleet } from "../../config/index.ts";
import type { Draft } from "./draft.ts";
import { fromCompose } from "./from-compose.ts";
import { fromEcosystem } from "./from-ecosystem.ts";
import { fromListeningPorts, listeningPorts } from "./from-listening-ports.ts";
import { fromPackageJson } from "./from-package-json.ts";
import { fromProcfile } from "./from-procfile.ts";
import { writeFleetFile } from "./write-fleet-file.ts";

function keysOf(draft: Draft): Record<string, unknown> {
  const parts = [...draft.services, ...draft.resources];
  return Object.fromEntries(parts.map(({ name, keys }) => [name, keys]));
}

/** What is written must load. */
function expectLoads(draft: Draft): void {
  const text = writeFleetFile(draft, { fleet: "test" });
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  expect(loaded.ok ? [] : { text, problems: loaded.error }).toEqual([]);
}

describe("scripts that run the same in different surroundings", () => {
  const take = (...names: readonly string[]) => {
    const scripts = Object.fromEntries(names.map((name) => [name, "node app.js"]));
    const draft = fromPackageJson(JSON.stringify({ name: "shop", scripts }));
    return {
      services: draft.services.map(({ name }) => name),
      remarks: draft.services.flatMap(({ remarks }) => remarks),
      left: draft.unmapped.map(({ key, why }) => `${key}: ${why}`),
    };
  };

  it("become one service, and it is told which was taken", () => {
    expect(take("start", "start:dev", "start:prod")).toEqual({
      services: ["shop"],
      remarks: ['From package.json, script "start:prod": node app.js'],
      left: [
        "scripts.start: the same as start:prod in other surroundings",
        "scripts.start:dev: the same as start:prod in other surroundings",
      ],
    });
    expect(take("start", "start:dev").remarks).toEqual([
      'From package.json, script "start": node app.js',
    ]);
  });

  it("stay apart where they run different things", () => {
    expect(take("start:api", "start:api:dev", "worker")).toMatchObject({
      services: ["api", "worker"],
      left: ["scripts.start:api:dev: the same as start:api in other surroundings"],
    });
  });
});

describe("package.json", () => {
  it("takes the scripts that keep running", () => {
    const scripts = {
      start: "PORT=3000 MODE='a b' node server.js",
      "start:api": "node api.js > log",
      worker: "tsx worker.ts",
      build: "tsc",
    };
    const draft = fromPackageJson(JSON.stringify({ name: "@me/shop", scripts }));
    expect(keysOf(draft)).toEqual({
      shop: { command: "node server.js", listen: 3000, env: { MODE: "a b" } },
      api: { command: "npm run --silent start:api" },
      worker: { command: "npm run --silent worker" },
    });
    expect(draft.unmapped.map(({ source, key }) => `${source}: ${key}`)).toEqual([
      "package.json: scripts.build",
    ]);
    expectLoads(draft);
  });

  it("does not fall over what is no JSON", () => {
    expect(fromPackageJson("{").unmapped).toEqual([
      { source: "package.json", key: "the whole file", why: "it is not valid JSON" },
    ]);
  });
});

describe("Procfile", () => {
  it("takes every line but release, with a shell where one is needed", () => {
    const draft = fromProcfile(
      "# x\nweb: bin/web -p $PORT\nclock: node clock.js\nboth: a && b\nrelease: migrate\n???\n",
    );
    expect(keysOf(draft)).toEqual({
      web: { command: ["sh", "-c", "exec bin/web -p $PORT"] },
      clock: { command: "node clock.js" },
      both: { command: ["sh", "-c", "a && b"] },
    });
    expect(draft.services[0]?.remarks.join(" ")).toContain("listen");
    expect(draft.unmapped.map(({ source, key }) => `${source}: ${key}`)).toEqual([
      "Procfile:5: release",
      "Procfile:6: the line",
    ]);
    expectLoads(draft);
  });
});

describe("PM2 ecosystem", () => {
  const app = {
    name: "api",
    script: "./server.js",
    args: "--name 'a b'",
    node_args: ["--enable-source-maps"],
    cwd: "/srv/api",
    instances: 4,
    exec_mode: "cluster",
    env: { PORT: 3000, NODE_ENV: "production" },
    max_memory_restart: "300M",
    kill_timeout: 3000,
    listen_timeout: 8000,
    uid: "www-data",
    autorestart: false,
  };

  it("maps what has a counterpart", () => {
    const draft = fromEcosystem({ apps: [app] }, "ecosystem.config.js");
    expect(keysOf(draft)).toEqual({
      api: {
        command: "node --enable-source-maps ./server.js --name 'a b'",
        cwd: "/srv/api",
        env: { NODE_ENV: "production" },
        listen: 3000,
        instances: 4,
        restart: "never",
        limits: { memory: "300MB" },
        stop: { grace: "3000ms" },
        start: { timeout: "8000ms" },
        user: "www-data",
      },
    });
    expect(draft.unmapped).toEqual([]);
    expectLoads(draft);
  });

  it("lists every key that has none", () => {
    const keys =
      "min_uptime max_restarts restart_delay exp_backoff_restart_delay wait_ready cron_restart " +
      "stop_exit_codes out_file error_file log_file merge_logs time watch ignore_watch namespace " +
      "shutdown_with_message env_staging something";
    const odd = Object.fromEntries(keys.split(" ").map((key) => [key, 1]));
    const { unmapped } = fromEcosystem([{ script: "a.py", ...odd }], "e.json");
    expect(unmapped.map(({ key }) => key.replace("apps[0].", ""))).toEqual(keys.split(" "));
    expect(unmapped.every(({ why }) => why !== "")).toBe(true);
  });

  it("knows interpreters, lines as scripts, and instances without a port", () => {
    const draft = fromEcosystem(
      {
        apps: [
          { script: "job.py" },
          { script: "npm start" },
          { script: "./x", interpreter: "none", instances: "max" },
        ],
      },
      "e.json",
    );
    expect(draft.services.map(({ keys }) => keys)).toEqual([
      { command: "python3 job.py" },
      { command: "npm start" },
      { command: "./x" },
    ]);
    expect(draft.services[2]?.remarks.join()).toContain("more than one needs `listen`");
    expectLoads(draft);
  });
});

describe("docker-compose", () => {
  const draft = fromCompose(
    parse(`
services:
  db:
    image: postgres
    ports: ["127.0.0.1:5433:5432"]
    restart: unless-stopped
    healthcheck: { test: [CMD-SHELL, "pg_isready -U $$USER"], interval: 10s, timeout: 5s, retries: 5, start_period: 30s }
  web:
    build: .
    ports: [{ target: 80, published: 8080 }]
    healthcheck: { test: curl -f http://localhost/health || exit 1, interval: 1m30s }
    depends_on: { db: { condition: service_healthy } }
    deploy: { update_config: { order: start-first } }
  cache: { ports: ["6379:6379/tcp"], healthcheck: { disable: true } }
  job: { depends_on: [db, cache] }
`),
    "compose.yml",
  );

  it("watches containers and leaves them to Docker", () => {
    expect(keysOf(draft)).toEqual({
      "command/db": {
        command: ["docker", "compose", "exec", "-T", "db", "sh", "-c", "pg_isready -U $USER"],
        interval: "10s",
        timeout: "5s",
        down: 5,
        of: 5,
        commands: {
          restart: { command: "docker compose restart db", reversible: true, timeout: "60s" },
        },
        recovery_strategy: "command:restart",
      },
      "http/web": {
        url: "http://127.0.0.1:8080/health",
        interval: "1m30s",
        depends_on: ["command/db"],
      },
      "tcp/cache": { port: 6379 },
      "command/job": {
        command: "docker compose ps --status running --quiet job",
        expect: { output: "/\\w/" },
        depends_on: ["command/db", "tcp/cache"],
      },
    });
    expectLoads(draft);
  });

  it("lists what it does not take over", () => {
    expect(draft.unmapped.map(({ key }) => key.replace("services.", ""))).toEqual([
      "db.healthcheck.start_period",
      "db.image",
      "db.ports: 127.0.0.1:5433:5432",
      "web.depends_on.db.condition",
      "web.build",
      "web.deploy",
    ]);
  });
});

describe("what stands around the services of a compose file", () => {
  it("is told, and so is a port that is not looked at", () => {
    const parsed = {
      name: "shop",
      services: { web: { ports: ["8080:80", "9090:9090", "443"] } },
      volumes: { data: {} },
      networks: { back: {} },
    };
    const { unmapped } = fromCompose(parsed, "compose.yaml");
    expect(unmapped.map(({ key }) => key)).toEqual([
      "services.web.ports: 9090:9090",
      "services.web.ports: 443",
      "volumes",
      "networks",
    ]);
  });
});

describe("listening ports", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 1 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 0100007F:9C40 0100007F:1538 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 20 4 30 10 -1
   3: 00000000:9C40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1 0 100 0 0 10 0
`;

  it("are read, and those of well-known software watched", () => {
    expect(listeningPorts(text)).toEqual([22, 5432, 40_000]);
    const draft = fromListeningPorts(listeningPorts(text));
    expect(keysOf(draft)).toEqual({ "tcp/postgres": { port: 5432 } });
    expect(draft.unmapped.map(({ source, key }) => `${source}: ${key}`)).toEqual([
      "listening ports: 22",
    ]);
    expectLoads(draft);
  });

  it("are told in one line, however many they are", () => {
    const [only, ...more] = fromListeningPorts([22, 80, 443, 50_000]).unmapped;
    expect(only?.key).toBe("22, 80, 443");
    expect(more).toEqual([]);
    expect(fromListeningPorts([50_000]).unmapped).toEqual([]);
  });
});
