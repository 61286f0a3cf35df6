/** `soulmirror init` in real folders: what it finds, and that what it writes can be loaded. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isKnownFile, lookAround } from "../../src/cli/init/looking-around.ts";
import { readEcosystem } from "../../src/cli/init/read-ecosystem.ts";
import { loadFleet } from "../../src/config/index.ts";
import { temporaryFolder } from "../afterwards.ts";

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = temporaryFolder("init");
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe("looking around", () => {
  it("believes the most detailed teller and watches the rest", async () => {
    const folder = await folderWith({
      "ecosystem.config.cjs": `
        console.log("noise");
        module.exports = { apps: [{ name: "api", script: "api.js", env: { PORT: 3000 }, watch: true }] };`,
      Procfile: "web: node web.js\n",
      "package.json": '{ "scripts": { "start": "node api.js" } }',
      "compose.yaml": "services: { db: { ports: ['5432:5432'], image: postgres } }",
    });
    const found = await lookAround({ folder, procNetTcp: [] });
    expect(found.found).toEqual(["ecosystem.config.cjs", "compose.yaml"]);
    expect(found.services).toEqual(["api"]);
    expect(found.resources).toEqual(["tcp/db"]);
    expect(found.text).toContain("# Not taken over:");
    expect(found.text).toContain("apps[0].watch");
    for (const name of ["Procfile", "package.json"]) {
      expect(found.text).toContain(`${name}: the whole file: ecosystem.config.cjs says how`);
    }
    const files = [{ path: "soulmirror.yaml", text: found.text }];
    const loaded = loadFleet({ files, baseDir: folder, hash: (text) => text });
    expect(loaded.ok ? loaded.value.fleet.mode : loaded.error).toBe("monitor");
  });

  it("looks at one file alone where one is named", async () => {
    const folder = await folderWith({
      "package.json": '{ "name": "web", "scripts": { "start": "node web.js" } }',
      "compose.test.yml": "services: { db: { ports: ['5432:5432'] } }",
    });
    const compose = await lookAround({ folder, file: "compose.test.yml" });
    expect(compose).toMatchObject({
      found: ["compose.test.yml"],
      services: [],
      resources: ["tcp/db"],
    });
    const manifest = await lookAround({ folder, file: "package.json" });
    expect(manifest).toMatchObject({ services: ["web"], resources: [] });
    expect([isKnownFile("Procfile.dev"), isKnownFile("soulmirror.yaml")]).toEqual([true, false]);
  });

  it("finds nothing in an empty folder, and still writes a file that loads", async () => {
    const found = await lookAround({ folder: await folderWith({}), procNetTcp: [] });
    expect(found).toMatchObject({ found: [], services: [], resources: [] });
    const files = [{ path: "soulmirror.yaml", text: found.text }];
    expect(loadFleet({ files, baseDir: "/", hash: (text) => text }).ok).toBe(true);
  });

  it("does not watch a port twice, nor need what it left out", async () => {
    const folder = await folderWith({
      "package.json": '{ "name": "web", "scripts": { "start": "PORT=8080 node web.js" } }',
      "compose.yml": `services: { web: { ports: ["8080:80"] }, job: { depends_on: [web] } }`,
    });
    const found = await lookAround({ folder, procNetTcp: [] });
    expect(found.services).toEqual(["web"]);
    expect(found.resources).toEqual(["command/job"]);
    const files = [{ path: "soulmirror.yaml", text: found.text }];
    const loaded = loadFleet({ files, baseDir: "/", hash: (text) => text });
    expect(loaded.ok ? [] : loaded.error).toEqual([]);
  });

  it("says why a file could not be read", async () => {
    const folder = await folderWith({ "ecosystem.config.js": "throw new Error('not today')" });
    const { unmapped } = await lookAround({ folder, procNetTcp: [] });
    expect(unmapped.map(({ why }) => why).join()).toContain("not today");
  });
});

describe("reading an ecosystem file", () => {
  it("runs JavaScript without our environment", async () => {
    process.env["SOULMIRROR_TEST_SECRET"] = "hidden";
    const folder = await folderWith({
      "a.mjs": "export default { apps: [{ script: String(process.env.SOULMIRROR_TEST_SECRET) }] };",
    });
    const read = await readEcosystem(join(folder, "a.mjs"));
    delete process.env["SOULMIRROR_TEST_SECRET"];
    expect(read).toEqual({ ok: true, value: { apps: [{ script: "undefined" }] } });
  });

  it("reads JSON and YAML without running anything", async () => {
    const folder = await folderWith({
      "a.json": '{ "apps": [] }',
      "b.yml": "apps: [{ script: x }]",
    });
    expect(await readEcosystem(join(folder, "a.json"))).toEqual({ ok: true, value: { apps: [] } });
    expect(await readEcosystem(join(folder, "b.yml"))).toEqual({
      ok: true,
      value: { apps: [{ script: "x" }] },
    });
  });

  it("ends a file that does not end", async () => {
    const folder = await folderWith({ "a.cjs": "for (;;) {}" });
    const read = await readEcosystem(join(folder, "a.cjs"), { deadlineMs: 300 });
    expect(read).toEqual({ ok: false, error: "it did not end within 300 ms" });
  });
});
