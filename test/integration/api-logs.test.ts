/**
 * Lines of logs in reasons, titles and verdicts, and what the steps of an action would do: for who
 * has the token, and for nobody else.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Procedure } from "../../src/api/procedures/procedure.ts";
import { procedures } from "../../src/api/procedures/table.ts";
import { quote } from "../../src/kernel/index.ts";
import type { Entry } from "../../src/model/index.ts";
import { ApiBench, token } from "./api-bench.ts";

const line = "payment of ana refused, card 4111";
const reason = `ERROR 3 times within 60000 ms: last in app.log: ${quote(line)}`;
const hint = "last in app.log: (needs the token)";
const preview = ["", "would refund card 4111"];

let bench: ApiBench;
let ids: Readonly<Record<string, string>>;

beforeAll(async () => {
  bench = await ApiBench.start();
  await bench.fallIll();
  const { house } = bench;
  const [failure] = house.openFailures();
  const [incident] = house.liveIncidents();
  const [action] = house.actionsUnderWay();
  if (!failure || !incident || !action) throw new Error("something is wrong in this fleet");
  const plan = { ...action.plan, reason };
  const at = house.clock.now().wallMs;
  const entries: readonly Entry[] = [
    { kind: "failure_raised", failure: { ...failure, reason, evidence: [reason] } },
    { kind: "incident", incident: { ...incident, title: reason } },
    { kind: "plan", plan },
    { kind: "action", action: { ...action, plan, preview } },
    { kind: "verdict", verdict: { at, failure: failure.id, healed: false, reason } },
  ];
  await house.write(entries);
  ids = { eventId: failure.id, id: incident.id, action: action.id };
});
afterAll(async () => await bench[Symbol.asyncDispose]());

/** Everything that may be read without the token, in each of its shapes. */
function readable(): readonly string[] {
  const open = Object.entries<Procedure>(procedures).filter(
    ([, { access, method }]) => access === "read" && method === "GET",
  );
  const rest = open.map(([, { path }]) =>
    path
      .replace("actions/:id", `actions/${ids["action"]}`)
      .replace("failures/:eventId", `failures/${ids["eventId"]}`)
      .replace("incidents/:id", `incidents/${ids["id"]}`)
      .replace("resources/:kind/:name", "resources/http/site-0")
      .replace(":name", "service-2"),
  );
  return [...rest, ...open.map(([name]) => `/trpc/${name}`), "/", "/page/body", "/health"];
}

describe("lines of logs, and what would be done,", () => {
  test("are in nothing that is read without the token", async () => {
    let hinted = 0;
    for (const path of readable()) {
      const { text } = await bench.ask(path);
      expect([path, text.includes("card 4111")]).toEqual([path, false]);
      if (text.includes("(needs the token)")) hinted += 1;
    }
    expect(hinted).toBeGreaterThan(8);
  });

  test.each([
    "/api/v1/failures",
    "/api/v1/incidents",
    "/api/v1/actions",
    "/api/v1/journal?limit=500",
    "/trpc/failures",
    "/trpc/incidents",
    "/",
  ])("are in %s for who has it, and only there is the hint", async (path) => {
    const [open, trusted] = [await bench.ask(path), await bench.ask(path, { token })];
    expect(open.text).toContain(hint);
    expect(trusted.text).toContain(line);
  });

  test.each(["/api/v1/actions/under-way", "/api/v1/actions", "/api/v1/journal?limit=500", "/"])(
    "what would be done is in %s for who has it",
    async (path) => {
      expect((await bench.ask(path)).text).not.toContain(preview[1]);
      expect((await bench.ask(path, { token })).text).toContain(preview[1]);
    },
  );

  test("are in the one failure, incident and action that was asked for", async () => {
    const paths = [
      `failures/${ids["eventId"]}`,
      `incidents/${ids["id"]}`,
      `actions/${ids["action"]}`,
    ];
    for (const path of paths) {
      const [open, trusted] = [
        await bench.ask(`/api/v1/${path}`),
        await bench.ask(`/api/v1/${path}`, { token }),
      ];
      expect([path, open.text.includes(hint), trusted.text.includes(line)]).toEqual([
        path,
        true,
        true,
      ]);
    }
  });

  test("come with events to who has it", async () => {
    const read = async (headers: Readonly<Record<string, string>>): Promise<string> => {
      const stop = new AbortController();
      const answer = await fetch(`${bench.api.url}/api/v1/events?after=0`, {
        headers,
        signal: stop.signal,
      });
      let text = "";
      const decoder = new TextDecoder();
      for await (const chunk of answer.body ?? []) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        if (text.includes('"kind":"verdict","verdict":{"at"') && text.includes("app.log")) break;
      }
      stop.abort();
      return text;
    };
    const open = await read({});
    expect(open).not.toContain("card 4111");
    expect(open).toContain(hint);
    expect(await read({ authorization: `Bearer ${token}` })).toContain(line);
  });
});
