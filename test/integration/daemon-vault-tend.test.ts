/**
 * What is wrong with a vault goes through the loop as with everything: seen, an incident, a plan
 * that asks the agent, proven by looks that began afterwards, closed.
 */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FailureType } from "../../src/model/index.ts";
import { VaultFleet } from "./vault-fleet-bench.ts";

let fleet: VaultFleet;
/** Longer than looks, windows and pauses of a busy machine. */
const limitMs = 90_000;
const hourMs = 3_600_000;

beforeAll(async () => {
  fleet = await VaultFleet.up({ quorum: 1 });
}, 120_000);
afterAll(() => fleet[Symbol.asyncDispose]());

/** From the failure to its incident's end, by a plan that asked the agent and helped. */
async function tended(type: FailureType, duty: string): Promise<void> {
  const { bench } = fleet;
  const { failure } = await within("failure_raised", (each) => each.failure.type === type);
  const { plan } = await within(
    "plan",
    (each) => each.plan.cause.kind === "failure" && each.plan.cause.failure === failure.id,
  );
  expect(plan).toMatchObject({
    strategy: "tend_vault",
    resource: "vault/treasure",
    steps: [{ kind: "vault", parameters: { do: duty } }],
  });
  const { verdict } = await within("verdict", (each) => each.verdict.failure === failure.id);
  const { action } = (await bench.entries("action")).findLast((each) => {
    return each.action.plan.id === plan.id;
  }) ?? { action: undefined };
  expect(action?.status.kind).toBe("succeeded");
  expect(verdict).toMatchObject({ healed: true, action: action?.id });
  await bench.until(
    async () => {
      return (await bench.get<unknown[]>("/api/v1/incidents?live=true")).length === 0;
    },
    "no incident is live",
    limitMs,
  );
}

test("damage at a location that somebody else found is mended by the agent", async () => {
  const rotten = rot("first");
  expect(await fleet.vault("check", "--read-data")).toMatchObject({ code: 1 });
  await tended("vault_damaged", "heal");
  expect(rotten.isMended()).toBe(true);
  expect(await fleet.vault("check", "--read-data")).toMatchObject({ code: 0 });
});

test("a backup that is overdue is made", async () => {
  const { state } = fleet;
  const at = Date.now() - 4 * hourMs;
  fleet.state = { ...state, lastGood: { at, snapshot: state.lastGood?.snapshot ?? "" } };
  await tended("backup_overdue", "backup");
  expect(fleet.state.lastGood?.at).toBeGreaterThan(at);
});

test("a location that is away is told as behind, and whole again when it is back", async () => {
  renameSync(fleet.path("second"), fleet.path("away"));
  fleet.write("source/production/book", "written while it was away");
  const { failure } = await within("failure_raised", ({ failure: { type } }) => {
    return type === "location_behind";
  });
  expect(failure.reason).toContain("second");
  // What is asked of the agent cannot help as long as it is away, and that is told.
  const failed = await within("action", ({ action: { plan, status } }) => {
    return plan.strategy === "tend_vault" && status.kind === "failed";
  });
  expect(JSON.stringify(failed.action.status)).toContain("second");
  renameSync(fleet.path("away"), fleet.path("second"));
  await within("verdict", ({ verdict }) => verdict.failure === failure.id && verdict.healed);
  const snapshots = (name: string): readonly string[] => readdirSync(fleet.path(name, "snapshots"));
  expect(snapshots("second")).toEqual(snapshots("first"));
  expect(fleet.state.locations.map(({ reason }) => reason)).toEqual(["", ""]);
});

const within: VaultFleet["bench"]["entry"] = async (kind, fits) => {
  const { bench } = fleet;
  const look = async (): Promise<boolean> => (await bench.entries(kind)).some(fits);
  await bench.until(look, `an entry ${kind} with ${fits.toString()}`, limitMs);
  return await bench.entry(kind, fits);
};

/** A bit of its largest pack is another one. */
function rot(location: string): { readonly isMended: () => boolean } {
  const folder = fleet.path(location, "data");
  const [path = ""] = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((each) => statSync(each).isFile())
    .toSorted((a, b) => statSync(b).size - statSync(a).size);
  const sound = readFileSync(path);
  const rotten = Buffer.from(sound);
  rotten[10] = (rotten[10] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, rotten);
  return { isMended: () => readFileSync(path).equals(sound) };
}
