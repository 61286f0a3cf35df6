/** `soulmirror engine`, on a real fleet with an engine in a service. */
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../../bench/rig/free-ports.ts";
import type { SteeredService } from "../../src/model/index.ts";
import type { EngineReport } from "../../src/targets/index.ts";
import { found } from "../until.ts";
import { CliBench, type Ended } from "./cli-bench.ts";

const source = fileURLToPath(new URL("../../src/engine/", import.meta.url));

const shop = `
import { createServer } from "node:http";
import { createEngine } from "${source}index.ts";
import { failover } from "${source}ai/index.ts";

const engine = createEngine();
const mail = engine.wrap("mail", { send: async () => "sent" });
const price = { input: 2, output: 8 };
const answer = { usage: { prompt_tokens: 1000000, completion_tokens: 0 } };
const ask = failover(
  [
    { name: "llm:one", call: () => answer, pricePerMillion: price },
    { name: "llm:two", call: () => answer },
  ],
  { engine },
);
setInterval(() => {
  mail.send().catch(() => {});
  ask("?").catch(() => {});
}, 50);
createServer((_, answer) => answer.end("well")).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

interface List {
  readonly engines: readonly EngineReport[];
  readonly steered: readonly SteeredService[];
}

let bench: CliBench;
const me = userInfo().username;

beforeAll(async () => {
  bench = await CliBench.open();
  await bench.write("shop.mjs", shop);
  const [api = 0, port = 0] = await freePorts(2);
  await bench.write(
    "soulmirror.yaml",
    `fleet: small
api: ${api}
services:
  shop:
    command: [${process.execPath}, shop.mjs]
    env: { PORT: "${port}" }
    health_check: { http: "http://127.0.0.1:${port}/", interval: 200ms }
`,
  );
  expect((await bench.run("up")).err).toBe("");
  await seen(({ engines }) => (engines[0]?.providers ?? []).some(({ calls }) => calls > 0));
}, 120_000);
afterAll(async () => await bench[Symbol.asyncDispose]());

async function seen(fits: (list: List) => boolean): Promise<List> {
  let last: List | undefined;
  const look = async () => (fits((last = (await bench.json("engine")) as List)) ? last : undefined);
  return await found(look, {
    what: fits.toString(),
    everyMs: 250,
    limitMs: 60_000,
    seen: () => last,
  });
}

async function done(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await bench.run("engine", ...args);
  expect([err, code]).toEqual(["", 0]);
  return out;
}

async function refused(...args: readonly string[]): Promise<Ended> {
  const ended = await bench.run("engine", ...args);
  expect(ended.code).not.toBe(0);
  return ended;
}

async function page(): Promise<string> {
  const { url } = (await bench.json("status")) as { readonly url: string };
  return await (await fetch(`${url}/`)).text();
}

describe("soulmirror engine", () => {
  it("lists the engines", async () => {
    expect(await done()).toMatch(
      /SERVICE +ENGINES +LISTEN +MODE +OPERATIONS +OPEN\nshop +1 +1 +full/,
    );
  });

  it("shows operations and providers, with order, latency and cost; so does the page", async () => {
    const out = await done("show", "shop");
    expect(out).toMatch(/mail\.send +\d+ calls +none failed/);
    expect(out).toMatch(/llm: llm:one +asked first +\d+ calls? +no fault +\d+ ms +cost \d/);
    expect(out).toMatch(/llm: llm:two +asked second +0 calls/);
    const html = await page();
    expect(html).toContain("AI providers");
    expect(html).toMatch(/llm:one .*#1.*llm:two .*#2/s);
    expect(html).not.toContain("Steered from outside");
  });

  it("isolates an operation; the reason is shown everywhere", async () => {
    const reason = "the provider charges twice";
    const out = await done("isolate", "shop", "mail.send", "--reason", reason);
    expect(out).toMatch(
      new RegExp(`shop +isolated mail.send +${me} \\(token\\), .+ ago: ${reason}`),
    );
    await seen(({ engines }) =>
      (engines[0]?.operations ?? []).some(({ breakerReason }) => breakerReason === reason),
    );
    expect((await bench.run("status")).out).toContain("isolated mail.send");
    expect((await bench.run("show", "shop")).out).toContain(`circuit isolated: ${reason}`);
    expect(await done("show", "shop")).toContain(`circuit isolated: ${reason}`);
    const html = await page();
    expect(html).toContain("Steered from outside");
    expect(html).toContain("isolated mail.send");
    expect(html).toMatch(new RegExp(`isolated</span> <span class="quiet">${reason}`));
    expect(await done("release", "shop", "mail.send")).toBe(
      "Nothing is wanted of shop any more.\n",
    );
    await seen(({ engines }) =>
      (engines[0]?.operations ?? []).every(({ breaker }) => breaker !== "isolated"),
    );
  });

  it("limits an operation for a time, and takes it back", async () => {
    const words = ["--timeout", "2s", "--concurrency", "5", "--rate", "20", "--for", "30m"];
    const out = await done("limit", "shop", "mail.send", ...words);
    expect(out).toMatch(
      /mail\.send limited to a timeout of 2 s, 5 at once, 20 per second .+for \d+ m/,
    );
    expect(await done("unlimit", "shop", "mail.send")).toContain("Nothing is wanted");
  });

  it("has a provider asked first, or not at all", async () => {
    const first = (list: List): string | undefined =>
      list.engines[0]?.providers.find(({ place }) => place === 1)?.name;
    await done("prefer", "shop", "llm:two");
    await seen((list) => first(list) === "llm:two");
    await done("readmit", "shop", "llm:two");
    await done("eject", "shop", "llm:one", "--reason", "wrong answers");
    await seen(
      ({ engines }) => engines[0]?.providers.some(({ wish }) => wish === "eject") === true,
    );
    expect(await done("show", "shop")).toMatch(/llm:one +not asked .+ejected by hand/);
    expect((await refused("eject", "shop", "llm:two")).err).toContain("nobody is left to ask");
    await done("readmit", "shop", "llm:one");
  });

  it("sets the mode of one engine or of all, as JSON as well", async () => {
    const told = (await bench.json("engine", "mode", "shop", "shadow")) as object;
    expect(told).toMatchObject({ accepted: true, wanted: { shop: { mode: "shadow" } } });
    const { steered } = await seen(({ steered: all }) => all[0]?.engines[0]?.mode === "shadow");
    expect(steered[0]?.wish.said["mode"]).toMatchObject({ by: `${me} (token)`, until: null });
    expect(await done("mode", "all", "own")).toBe("Nothing is wanted of shop any more.\n");
    await seen(({ steered: all }) => all[0]?.engines[0]?.mode === "full");
  });

  it.each([
    [["show", "shpo"], 'did you mean "shop"?'],
    [["mode", "shpo", "off"], 'did you mean "shop"?'],
    [["mode", "shop", "of"], "it is one of off, shadow, monitor, limited, full"],
    [["mode", "shop"], "soulmirror engine mode SERVICE MODE"],
    [["mode"], "whose engine to mode is not said"],
    [["isolate", "shop", "mail.send"], "why it is isolated is not said"],
    [["isolate", "shop", "mail.sned", "--reason", "x"], 'did you mean "mail.send"?'],
    [["isolate", "shop", "mail.sned", "--reason", "x"], "`--unseen`"],
    [["isolate", "all", "mail.send", "--reason", "x"], "only a mode can be set for all"],
    [["release", "shop", "mail.send"], "nothing was changed"],
    [["eject", "shop", "llm:ones"], 'did you mean "llm:one"?'],
    [["limit", "shop", "mail.send"], "which limit is not said"],
    [["limit", "shop", "mail.send", "--timeout", "5"], "fix: write 5s or 5000ms"],
    [["limit", "shop", "mail.send", "--timeout", "soon"], '--timeout: "soon" is no duration'],
    [["limit", "shop", "mail.send", "--rate", "many"], '--rate: "many" is not a number'],
    [["slow", "shop"], "slow"],
  ])("%j is refused with what to do", async (args, why) => {
    expect((await refused(...args)).err).toContain(why);
  });
});
