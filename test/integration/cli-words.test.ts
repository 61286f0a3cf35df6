/** What the command line says to somebody who has mistyped, or wants to know one thing only. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { CliBench } from "./cli-bench.ts";
import { Stranger } from "./stranger.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
  await bench.write(
    "soulmirror.yaml",
    "services: { web: { command: node web.js } }\nresources: { tcp/db: { port: 5432 } }\n",
  );
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

/** Each: the command line, its exit code, what it says. */
const mistakes: readonly (readonly [words: string, code: number, says: RegExp])[] = [
  ["statsu", 2, /^soulmirror: unknown command 'statsu'\n {2}fix: did you mean status\? /],
  ["status --chek", 2, /unknown option '--chek'\n {2}fix: did you mean --check\? /],
  ["config frob", 2, /^soulmirror: what is one of show, explain, not 'frob'\n/],
  ["config show no.such", 1, /has no key no\.such\n/],
  [
    "validate gone.yaml",
    2,
    /^soulmirror: there is no file \S*gone\.yaml\n {2}fix: check the path\n$/,
  ],
];

describe("a mistake", () => {
  it.each(mistakes)("%s", async (words, code, says) => {
    const ended = await bench.run(...words.split(" "));
    expect(ended).toMatchObject({ code, out: "" });
    expect(ended.err).toMatch(says);
  });
});

it("shows one key of the configuration, as all of them", async () => {
  expect((await bench.run("config", "show", "services.web.start")).out).toMatch(/^timeout: \w+\n$/);
  expect(await bench.json("config", "show", "api.port")).toBe(5050);
  expect(await bench.json("config", "show")).toMatchObject({ fleet: expect.any(String) as string });
});

it("names who holds the port of the API", async () => {
  const port = await freePort();
  using _ = await Stranger.at(port);
  const { code, err } = await bench.run("up", "--port", String(port));
  expect(code).toBe(1);
  expect(err).toMatch(new RegExp(`cannot listen on 127.0.0.1:${port}: it is held by pid \\d+ \\(`));
});

it("counts what is one as one", async () => {
  expect((await bench.run("validate")).out).toContain("1 service, 1 other resource.");
});
