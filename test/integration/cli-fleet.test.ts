/** The commands that talk to a daemon, on a real fleet: one daemon for most of them. */
import { readFile, stat } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { ServiceView } from "../../src/loop/index.ts";
import { isDeadState, readProcessStat } from "../../src/system/index.ts";
import { CliBench, type Running } from "./cli-bench.ts";

interface Report {
  readonly url: string;
  readonly services: readonly ServiceView[];
}

function instancesOf(report: Report, name: string) {
  const found = report.services.find((service) => service.name === name);
  return found?.instances ?? [];
}

async function pidsOf(bench: CliBench, name: string): Promise<readonly (number | null)[]> {
  const report = (await bench.json("status")) as Report;
  return instancesOf(report, name).map(({ pid }) => pid);
}

describe("a fleet that is up", () => {
  let bench: CliBench;

  beforeAll(async () => {
    bench = await CliBench.open();
    await bench.writeFleet();
    const { code, out, err } = await bench.run("up");
    expect(err).toBe("");
    expect(out).toContain("All 2 services are well.");
    // A one-time link is for a terminal, and this is none.
    expect(out.match(/http:\/\/127\.0\.0\.1:\d+/g)).toHaveLength(1);
    expect(out).toContain("`soulmirror status --link`");
    expect(out).not.toContain("code=");
    expect(code).toBe(0);
  });

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it("keeps its data directory and its token to itself", async () => {
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await mode(bench.path(".soulmirror"))).toBe(0o700);
    expect(await mode(bench.path(".soulmirror", "token"))).toBe(0o600);
  });

  it("refuses a second `up`, naming who holds it", async () => {
    const note = JSON.parse(
      await readFile(bench.path(".soulmirror", "run", "daemon.json"), "utf8"),
    ) as { pid: number };
    const { code, err } = await bench.run("up");
    expect(err).toContain(`pid ${note.pid} holds`);
    expect(code).toBe(3);
  });

  it("keeps the compiled code of its daemon where the environment says", async () => {
    const environment = await readFile(`/proc/${await daemonPid(bench)}/environ`, "utf8");
    const named = `NODE_COMPILE_CACHE=${process.env["NODE_COMPILE_CACHE"]}`;
    expect(environment.split("\0")).toContain(named);
  });

  it("shows itself at a glance", async () => {
    const { out, code } = await bench.run("status", "--check");
    expect(out).toMatch(/^All 2 services are well\./);
    expect(out).toMatch(/web +● healthy +2\/2/);
    expect(out).not.toContain("\u001b");
    expect(code).toBe(0);
  });

  it("says where the page is, and gives a link that opens it once and may act", async () => {
    const { url } = (await bench.json("status")) as Report;
    expect((await bench.run("status")).out).toContain(`page ${url}`);
    const { out, err, code } = await bench.run("status", "--link");
    expect([code, out.trim().startsWith(`${url}/session?code=`)]).toEqual([0, true]);
    expect(err).toContain("once, within 1 m");

    const opened = await fetch(out.trim(), { redirect: "manual" });
    expect([opened.status, opened.headers.get("location")]).toEqual([303, "/"]);
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await (await fetch(`${url}/`, { headers: { cookie } })).text();
    expect(page).toContain("data-post=");
    expect(await (await fetch(`${url}/`)).text()).not.toContain("data-post=");
    expect((await fetch(out.trim(), { redirect: "manual" })).status).toBe(401);
    const linked = (await bench.json("status", "--link")) as { expiresInMs: number };
    expect(linked.expiresInMs).toBe(60_000);
  });

  it("colours only a terminal", async () => {
    const { out } = await bench.startInTerminal("status").ended;
    expect(out).toContain("\u001b[32m● healthy\u001b[39m");
    expect((await bench.startInTerminal("status", "--no-color").ended).out).not.toContain("\u001b");
  });

  it("restarts one instance, and leaves the other alone", async () => {
    const [first, second] = await pidsOf(bench, "web");
    expect(await bench.json("restart", "web.1")).toMatchObject({ wish: "restart" });
    const [now, other] = await pidsOf(bench, "web");
    expect(now).not.toBe(first);
    expect(other).toBe(second);
  });

  it("stops and starts a service", async () => {
    expect(await bench.run("stop", "web.2")).toMatchObject({ code: 0 });
    expect((await pidsOf(bench, "web"))[1]).toBeNull();
    expect(await bench.run("status", "--check")).toMatchObject({ code: 1 });
    expect(await bench.run("start", "web.2")).toMatchObject({ code: 0 });
    expect((await pidsOf(bench, "web"))[1]).toEqual(expect.any(Number));
  });

  it("knows no service that is not there", async () => {
    const { code, err } = await bench.run("restart", "wbe");
    expect(err).toContain("it has base, web");
    expect(code).toBe(1);
  });

  it("shows and follows logs", async () => {
    const { out } = await bench.run("logs", "web", "-n", "1");
    expect(out.trim().split("\n").sort()).toEqual(["web.1 | listening", "web.2 | listening"]);
    const following = bench.start(["logs", "web.1", "-f", "-n", "0"]);
    await bench.run("restart", "web.1");
    await following.says(/listening/);
    following.child.kill("SIGINT");
    expect(await following.ended).toMatchObject({ code: 0 });
  });

  it("follows the daemon's own log", async () => {
    const file = bench.path("soulmirror.yaml");
    const text = await readFile(file, "utf8");
    const ours = bench.start(["logs", "daemon", "-f", "-n", "1"]);
    await ours.says(/\n/);
    await bench.write("soulmirror.yaml", "services: [");
    await ours.says(/soulmirror\.yaml:1/);
    await bench.write("soulmirror.yaml", text);
    ours.child.kill("SIGINT");
    expect(await ours.ended).toMatchObject({ code: 0 });
  });

  it("changes its mode, and tells in `diff` that no file says so", async () => {
    expect(await bench.json("mode")).toMatchObject({ fleet: "full" });
    expect(await bench.run("mode", "web", "monitor")).toMatchObject({ code: 0 });
    const { out } = await bench.run("diff");
    expect(out).toContain("mode of web: the files say full, at run time it was set to monitor");
    await bench.run("mode", "web", "full");
    expect(await bench.run("mode", "scale", "monitor")).toMatchObject({ code: 0 });
    expect((await bench.run("diff")).out).toContain(
      "mode of scale: the files say full, at run time it was set to monitor",
    );
    await bench.run("mode", "scale", "full");
    expect(await bench.run("mode", "web", "sideways")).toMatchObject({ code: 2 });
    expect(await bench.run("mode", "nobody")).toMatchObject({ code: 1 });
    expect((await bench.run("mode", "monitor")).out).toContain("The mode of fleet is monitor.");
    const wider = await bench.run("mode", "web", "full");
    expect(wider.out).toContain("The mode of web stays monitor");
    expect(await bench.json("mode", "web")).toEqual({ web: "monitor" });
    await bench.run("mode", "full");
    expect(await bench.json("mode", "web")).toEqual({ web: "full" });
  });

  it("tells in `status` that the fleet file is not the one in force", async () => {
    const told = "the fleet file has errors: the last good one stays in force";
    const good = await readFile(bench.path("soulmirror.yaml"), "utf8");
    expect((await bench.run("status")).out).not.toContain(told);
    await bench.write("soulmirror.yaml", `${good}nonsense: 1\n`);
    expect((await bench.run("status")).out).toContain(told);
    expect(await bench.json("status")).toHaveProperty("fileTrouble");
    await bench.write("soulmirror.yaml", good);
    expect((await bench.run("status")).out).not.toContain(told);
  });

  it("tells of a failure, what was tried and that it helped", async () => {
    const [pid] = await pidsOf(bench, "web");
    process.kill(Number(pid), "SIGKILL");
    const listed = (): Promise<unknown> => bench.json("incidents");
    await expect.poll(listed, { timeout: 20_000 }).toMatchObject([{ state: { kind: "resolved" } }]);
    const [incident] = (await listed()) as readonly { id: string }[];
    const { out } = await bench.run("show", incident?.id ?? "");
    expect(out).toMatch(/process_exited of web/);
    expect(out).toMatch(/restart succeeded/);
    expect((await bench.run("actions")).out).toMatch(/succeeded .* restart +web\.\d +yes/);
    expect((await bench.run("show", "web")).out).toMatch(/process_exited +over after/);
    expect((await bench.run("show", "web.1")).out).toMatch(
      /^web .*\n[^]*\.1 .*healthy[^]*process_exited/,
    );
    expect((await bench.run("show", "web.9")).err).toContain("action, service or resource web.9");
    const actions = (await bench.json("actions")) as { actions: readonly { actionId: string }[] };
    const action = await bench.run("show", actions.actions[0]?.actionId ?? "");
    expect(action.out).toMatch(/ of web\.\d in .*by itself/);
  });

  it("lets nobody approve what does not wait", async () => {
    expect(await bench.run("approve", "act_0")).toMatchObject({ code: 1 });
    expect(await bench.run("dismiss", "act_0")).toMatchObject({ code: 1 });
    expect(await bench.run("show", "act_0")).toMatchObject({ code: 1 });
  });

  it("is watched live in a terminal, which is given back", async () => {
    const watching = bench.startInTerminal("watch");
    await watching.says(/All 2 services are well/);
    await bench.run("restart", "web.2");
    await watching.says(/restart of web\.2 done/);
    watching.child.stdin?.write("q");
    const { out, code } = await watching.ended;
    expect(out.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
    expect(code).toBe(0);
  });

  it("proves its journal while it is written, and guards its format", async () => {
    expect(await bench.json("audit", "verify")).toMatchObject({ intact: true });
    expect(await bench.run("db", "down")).toMatchObject({ code: 3 });
  });

  it("finds nothing wrong with itself", async () => {
    expect(await bench.run("doctor")).toMatchObject({ code: 0 });
  });
});

describe("up and down", () => {
  it("ends what a job has left behind", async () => {
    await using bench = await CliBench.open();
    const file = bench.path("left.pid");
    const script = `sleep 600 & echo $! > ${file}; exit 0`;
    const job = { command: ["/bin/sh", "-c", script], restart: "never" };
    const fleet = { api: await freePort(), services: { job } };
    await bench.write("soulmirror.yaml", JSON.stringify(fleet));
    await bench.run("up");
    await expect.poll(() => readFile(file, "utf8").catch(() => "")).toMatch(/^\d+\n$/);
    const pid = Number(await readFile(file, "utf8"));
    expect(readProcessStat(pid)).toBeDefined();
    expect(await bench.run("down")).toMatchObject({ code: 0 });
    const left = readProcessStat(pid);
    expect(left === undefined || isDeadState(left.state)).toBe(true);
  });

  let bench: CliBench;

  beforeEach(async () => {
    bench = await CliBench.open();
    await bench.writeFleet();
  });

  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it("stops everything, and brings everything up again", async () => {
    await bench.run("up");
    const pids = [...(await pidsOf(bench, "base")), ...(await pidsOf(bench, "web"))];
    expect(await bench.run("down")).toMatchObject({ code: 0 });
    for (const pid of pids) expect(isThere(Number(pid))).toBe(false);
    expect(await bench.run("status")).toMatchObject({ code: 5 });
    expect((await bench.run("up")).out).toContain("All 2 services are well.");
  });

  it("keeps services for the next daemon", async () => {
    await bench.run("up");
    const before = await pidsOf(bench, "web");
    expect(await bench.run("down", "--keep-services")).toMatchObject({ code: 0 });
    expect((await bench.run("logs", "web.1")).out).toContain("listening");
    const { out } = await bench.startInTerminal("up").ended;
    expect(out).toMatch(/Page: http:\/\/\S+\/session\?code=[\w-]{43} .*opens once/);
    expect(await pidsOf(bench, "web")).toEqual(before);
  });

  it("says why the daemon did not start", async () => {
    await bench.write("soulmirror.yaml", "services:\n  web: { comand: node x.js }\n");
    const { code, err } = await bench.run("up");
    expect(err).toMatch(/soulmirror\.yaml:2:\d+ .*comand/);
    expect(code).toBe(2);
  });

  it("stays in the foreground, replaces a daemon that died, stops all on SIGINT", async () => {
    const up = bench.start(["up", "--foreground"]);
    await up.says(/web\.2 started/);
    const daemon = await daemonPid(bench);
    const before = await pidsOf(bench, "base");
    process.kill(daemon, "SIGKILL");
    await up.says(/The daemon was gone; pid \d+ goes on/);
    expect(await pidsOf(bench, "base")).toEqual(before);
    // As from a terminal through npm, which passes on what the terminal has sent already.
    up.child.kill("SIGINT");
    const { code } = await interrupt(up);
    expect(up.said).toContain("All is stopped.");
    expect(code).toBe(0);
    expect(isThere(Number(before[0]))).toBe(false);
  });
});

async function interrupt(running: Running) {
  running.child.kill("SIGINT");
  return await running.ended;
}

async function daemonPid(bench: CliBench): Promise<number> {
  const text = await readFile(bench.path(".soulmirror", "run", "daemon.json"), "utf8");
  return (JSON.parse(text) as { pid: number }).pid;
}

/** A zombie whose parent was killed is dead as well. */
function isThere(pid: number): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && !isDeadState(stat.state);
}
