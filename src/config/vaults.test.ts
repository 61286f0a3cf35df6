import { describe, expect, it } from "vitest";
import { diffFleets } from "./diff-fleets.ts";
import type { Fleet } from "./fleet.ts";
import { loadFleet } from "./load-fleet.ts";
import { maskedFleet } from "./mask.ts";
import { formatProblem } from "./problem.ts";
import type { VaultSpec } from "./vault-spec.ts";

const environment = { HOME: "/srv/home", VAULT_PASSPHRASE: "correct horse", REST: "battery" };

function read(text: string): ReturnType<typeof loadFleet> {
  const files = [{ path: "soulmirror.yaml", text }];
  return loadFleet({ files, baseDir: "/srv/fleet", environment, hash: (each) => each });
}

/** A vault `v` with two locations, and `keys` over them. */
function written(keys: string): string {
  const usual: readonly (readonly [string, string])[] = [
    ["sources", "[./data]"],
    ["locations", "[{ url: file:/a, region: home }, { url: file:/b, region: office }]"],
    ["passphrase", "{ env: VAULT_PASSPHRASE }"],
  ];
  const rest = usual.filter(([key]) => !new RegExp(`^${key}:`, "m").test(keys));
  const lines = [...keys.split("\n"), ...rest.map(([key, value]) => `${key}: ${value}`)];
  return `vaults:\n  v:\n${lines.map((line) => `    ${line}\n`).join("")}`;
}

function fleetOf(text: string): { readonly fleet: Fleet; readonly warnings: readonly string[] } {
  const loaded = read(text);
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value;
}

function vault(keys: string): VaultSpec {
  const found = fleetOf(written(keys)).fleet.vaults["v"];
  if (found === undefined) throw new Error("there is no vault v");
  return found;
}

function problems(keys: string): readonly string[] {
  const loaded = read(written(keys));
  return loaded.ok ? [] : loaded.error.map(formatProblem);
}

function warnings(keys: string): readonly string[] {
  const isSaid = /^categories:/m.test(keys);
  return fleetOf(written(isSaid ? keys : `categories: { critical: "**" }\n${keys}`)).warnings;
}

describe("a vault", () => {
  it("is read with all its keys", () => {
    const spec = vault(`sources: [./tier-0, ~/tier-1]
exclude: ["**/node_modules", "**/*.tmp"]
categories: { critical: ["**/production/**"], evidence: ["**/test_results/**"], other: "x" }
locations:
  - { url: file:../vault-a, region: home }
  - { url: "sftp://backup@host/vault-c", region: eu-west, identity: ~/.ssh/vault }
  - { url: "s3://bucket/vault-d", region: us-east, append_only: true, secret_key: { env: REST } }
  - rest:https://me:open%20sesame@host/v
quorum: 3
schedule: "30  3 * * *"
watch: false
keep: { last: 1, hourly: 2, daily: 3, weekly: 4, monthly: 5, yearly: 6, within: 2d }
heal: { critical: ask }
drill: weekly
scrub: 12h
check: { full_within: 7d, rate: 1MB }
dumps:
  ledger: { sqlite: ./ledger.db }
  shop: { pg_dump: --format=custom shop, env: { PGPASSWORD: { env: REST } }, timeout: 1h }
streams:
  orders: { postgres: --host=db, base: weekly, env: { PGPASSWORD: { env: REST } } }
  stock: { mariadb: [--host=db, --port, 3307], pause: 1m, timeout: 1h }
limits: { upload_rate: 10MB, threads: 2, memory: 256MB }`);
    expect(spec).toEqual({
      name: "v",
      sources: ["/srv/fleet/tier-0", "/srv/home/tier-1"],
      exclude: ["**/node_modules", "**/*.tmp"],
      categories: {
        critical: ["**/production/**"],
        evidence: ["**/test_results/**"],
        other: ["x"],
      },
      locations: [
        {
          address: { kind: "file", folder: "/srv/vault-a" },
          name: "file:/srv/vault-a",
          region: "home",
          isAppendOnly: false,
          credentials: {},
        },
        {
          address: { kind: "sftp", host: "host", user: "backup", path: "vault-c" },
          name: "sftp://backup@host/vault-c",
          region: "eu-west",
          isAppendOnly: false,
          credentials: { identityFile: "/srv/home/.ssh/vault" },
        },
        {
          address: { kind: "s3", bucket: "bucket", prefix: "vault-d" },
          name: "s3://bucket/vault-d",
          region: "us-east",
          isAppendOnly: true,
          credentials: { secretKey: "battery" },
        },
        {
          address: {
            kind: "rest",
            url: "https://host/v/",
            user: "me",
            password: "open sesame",
          },
          name: "rest:https://host/v/",
          region: "",
          isAppendOnly: false,
          credentials: {},
        },
      ],
      quorum: 3,
      passphrase: { env: "VAULT_PASSPHRASE" },
      schedule: { kind: "cron", cron: "30 3 * * *" },
      watch: false,
      keep: {
        last: 1,
        hourly: 2,
        daily: 3,
        weekly: 4,
        monthly: 5,
        yearly: 6,
        withinMs: 172_800_000,
      },
      heal: { critical: "ask", evidence: "ask", other: "leave" },
      drill: { kind: "every", everyMs: 604_800_000 },
      scrubMs: 43_200_000,
      check: { fullWithinMs: 604_800_000, bytesPerSecond: 1_048_576 },
      dumps: {
        ledger: { kind: "sqlite", path: "/srv/fleet/ledger.db", timeoutMs: 600_000, env: {} },
        shop: {
          kind: "pg_dump",
          words: ["--format=custom", "shop"],
          timeoutMs: 3_600_000,
          env: { PGPASSWORD: "battery" },
        },
      },
      streams: {
        orders: {
          kind: "postgres",
          words: ["--host=db"],
          base: { kind: "every", everyMs: 604_800_000 },
          pauseMs: 10_000,
          timeoutMs: 21_600_000,
          env: { PGPASSWORD: "battery" },
        },
        stock: {
          kind: "mariadb",
          words: ["--host=db", "--port", "3307"],
          base: { kind: "every", everyMs: 86_400_000 },
          pauseMs: 60_000,
          timeoutMs: 3_600_000,
          env: {},
        },
      },
      limits: { uploadBytesPerSecond: 10_485_760, threads: 2, memoryBytes: 268_435_456 },
    });
  });

  it("needs little: everything else has its default", () => {
    const spec = vault("categories: { critical: a, hidden: b }");
    expect(spec).toMatchObject({
      quorum: 2,
      schedule: { kind: "every", everyMs: 3_600_000 },
      watch: true,
      keep: { last: 24, hourly: 48, daily: 30, weekly: 12, monthly: 24, yearly: 0, withinMs: 0 },
      heal: { critical: "restore", hidden: "restore" },
      drill: { kind: "every", everyMs: 86_400_000 },
      scrubMs: 86_400_000,
    });
    expect(vault("drill: false")).not.toHaveProperty("drill");
    expect(vault("locations: [file:/a]").quorum).toBe(1);
  });

  it.each([
    ["hourly", { kind: "every", everyMs: 3_600_000 }],
    ["weekly", { kind: "every", everyMs: 604_800_000 }],
    ["90m", { kind: "every", everyMs: 5_400_000 }],
    ['"*/5 * * * *"', { kind: "cron", cron: "*/5 * * * *" }],
  ])("has the schedule %s", (text, schedule) => {
    expect(vault(`schedule: ${text}`).schedule).toEqual(schedule);
  });
});

describe("its secrets", () => {
  it("are masked, and the passphrase is no part of the fleet", () => {
    const { fleet } = fleetOf(
      written(`locations:
  - { url: "rest:https://me:open%20sesame@host/v", region: a }
  - { url: "s3://bucket/v", region: b, access_key: topsecret1, secret_key: { env: REST } }
dumps: { shop: { command: dump, env: { PLAIN: topsecret2 } } }
streams: { shop: { mariadb: --host=db, env: { MYSQL_PWD: topsecret3 } } }`),
    );
    expect(JSON.stringify(fleet)).not.toContain("correct horse");
    const shown = JSON.stringify(maskedFleet({ ...fleet, hash: "" }));
    for (const secret of ["sesame", "battery", "topsecret"]) expect(shown).not.toContain(secret);
    const loaded = read(written("exclude: []"));
    expect(loaded.ok && loaded.value.secrets).toContain("correct horse");
  });

  it("are shown by no difference, which names the vault", () => {
    const after = fleetOf(written("watch: false\npassphrase: { env: REST }")).fleet;
    const { lines } = diffFleets(fleetOf(written("watch: true")).fleet, after);
    expect(lines).toEqual([
      "~ vault/v changed: no restart needed",
      expect.stringMatching(/passphrase/),
      "    watch: true -> false",
    ]);
    expect(lines.join()).not.toMatch(/battery|correct/);
  });

  it("can be asked where they come from", () => {
    const loaded = read(written("watch: false"));
    const explain = loaded.ok ? loaded.value.explain : undefined;
    expect(explain?.("vaults.v.watch")).toMatchObject({
      value: false,
      origin: "soulmirror.yaml:3:12",
    });
    expect(explain?.("vaults.v.keep.daily")).toMatchObject({
      value: 30,
      origin: "built-in default",
    });
    expect(explain?.("vaults.v.passphrase")?.value).toBe("***");
  });
});

describe("problems", () => {
  it.each([
    ["locations: []", "3:16 vaults.v.locations: there is no location", "name at least one"],
    ["quorum: 3", "3:13 vaults.v.quorum: no backup could succeed", "write at most 2"],
    [
      "locations: [file:/a, ../../a]",
      "3:26 vaults.v.locations[1]: it is the same place as location 1: file:/a",
      "name another place",
    ],
    [
      "locations: [file:/srv]\nsources: ./data",
      "3:17 vaults.v.locations[0]: the source /srv/fleet/data is inside of this location",
      "keep the vault in a folder of its own",
    ],
    ["locations: [ftp://h/a]", '3:17 vaults.v.locations[0]: "ftp:" is no kind', "write file:"],
    [
      "locations: [{ url: file:/a, identity: x }]",
      "3:43 vaults.v.locations[0].identity: a location of the kind file has no use for it",
      "leave it out",
    ],
    [
      "heal: { critcal: restore }\ncategories: { critical: a }",
      '3:13 vaults.v.heal.critcal: there is no category "critcal" (declared: critical)',
      "declare it",
    ],
    ["heal: { critical: fix }", "3:23 vaults.v.heal.critical: expected restore", "use"],
    ["passphrase: secret", "3:17 vaults.v.passphrase: expected keys", "use some of: env, file"],
    ["schedule: sometimes", "3:15 vaults.v.schedule: expected hourly, daily", "write hourly"],
    ["schedule: 1s", "3:15 vaults.v.schedule: it is shorter than 10s", "write at least 10s"],
    ["schedule: 61 * * * *", "3:15 vaults.v.schedule: Invalid value for minute: 61", "correct"],
    ["schedule: 0 0 30 2 *", "3:15 vaults.v.schedule: it never comes", "name a day"],
    ["sources: [a, ./a/b]", "3:18 vaults.v.sources[1]: /srv/fleet/a/b and", "name the outer one"],
    ["sources: []", "3:14 vaults.v.sources: there is no source", "name at least one folder"],
    ["keep: { dayly: 3 }", '3:13 vaults.v.keep.dayly: unknown key "dayly"', 'did you mean "daily"'],
    [
      "dumps: { a: { sqlite: x, command: y } }",
      "3:17 vaults.v.dumps.a: it names not exactly one kind of dump",
      "write { sqlite",
    ],
    [
      "streams: { a: { postgres: x, mariadb: y } }",
      "3:19 vaults.v.streams.a: it names not exactly one kind of server",
      "write { postgres",
    ],
    [
      "dumps: { a: { mariadb_dump: --all-databases -phunter2 } }",
      "3:33 vaults.v.dumps.a.mariadb_dump: a password stands in the arguments",
      "write env: { MYSQL_PWD",
    ],
    [
      'streams: { a: { postgres: "--dbname=postgres://me:hunter2@db/x" } }',
      "3:31 vaults.v.streams.a.postgres: a password stands in the arguments",
      "write env: { PGPASSWORD",
    ],
  ])("%s", (keys, message, fix) => {
    const [first = ""] = problems(keys);
    expect(first).toContain(`soulmirror.yaml:${message}`);
    expect(first.split("\n")[1]).toContain(`fix: ${fix}`);
  });

  it("a passphrase that stands in the file is not repeated", () => {
    expect(problems("passphrase: hunter2hunter2").join()).not.toContain("hunter2");
  });
});

describe("what is hardly meant", () => {
  it.each([
    ["watch: true", []],
    [
      "locations: [{ url: ./data/v, region: a }, { url: file:/b, region: b }]",
      [/file:\/srv\/fleet\/data\/v is inside of the source \/srv\/fleet\/data; it is left out/],
    ],
    [
      "locations: [{ url: /tmp/v, region: a }, { url: file:/tmpfoo, region: b }]",
      [/file:\/tmp\/v is in \/tmp, which is emptied at times/],
    ],
    ["locations: [{ url: file:/a, region: x }, { url: file:/b, region: x }]", [/fewer than 2/]],
    ["locations: [file:/a]", [/there is one location/]],
    ['categories: { other: "**" }', [/v.categories: .* nothing that is lost is put back/]],
    ["keep: { hourly: 300 }", [/keep up to 390 snapshots/]],
    [
      "passphrase: { env: NONE }",
      [/no variable NONE; nobody can open this vault: set NONE or NONE_FILE/],
    ],
  ] as const)("%s", (keys, expected) => {
    const found = warnings(keys);
    expect(found).toHaveLength(expected.length);
    for (const [index, each] of expected.entries()) expect(found[index]).toMatch(each);
  });
});

it("a vault is watched as a resource, and what watches it is no change of its own", () => {
  const before = fleetOf(written("drill: false")).fleet;
  expect(before.resources["vault/v"]).toMatchObject({
    kind: "vault",
    probe: { kind: "vault", parameters: { name: "v" } },
  });
  const { fleet: after } = fleetOf(written("drill: daily"));
  const { changes } = diffFleets(before, after);
  expect(changes.map(({ subject }) => subject)).toEqual(["vault/v"]);
});
