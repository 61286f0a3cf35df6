import { describe, expect, it } from "vitest";
import { judgeVault, type VaultConcern, vaultConcerns } from "./judge-vault.ts";
import {
  newVaultState,
  noteVaultEvent,
  type StreamNews,
  textOfVaultState,
  type VaultEvent,
  type VaultRun,
  type VaultState,
  vaultStateOfText,
} from "./vault-state.ts";

function stateAfter(...events: readonly VaultEvent[]): VaultState {
  return events.reduce(noteVaultEvent, newVaultState(1000));
}

function run(at: number, verdict: VaultRun["verdict"] = "good", holds = true): VaultEvent {
  const reason = verdict === "good" ? "" : "two files could not be read";
  const places = [
    { name: "a", holds: true, reason: "" },
    { name: "b", holds, reason: holds ? "" : "it is away" },
  ];
  return { kind: "run", run: { at, verdict, snapshot: `s${at}`, reason }, locations: places };
}

function drill(at: number, location: string, isProven = true): VaultEvent {
  const reason = isProven ? "" : "1 file is missing";
  return { kind: "drill", drill: { at, location, snapshot: "s", isProven, reason } };
}

function damage(id: string, location = "a"): VaultEvent {
  return { kind: "damage", damage: { at: 5, location, kind: "pack", id, reason: "the hash" } };
}

function stream(news: StreamNews["news"], at: number): VaultEvent {
  return { kind: "stream", stream: { at, name: "orders", news, reason: "why" } };
}

function wrongIn(state: VaultState | undefined, nowMs: number): readonly VaultConcern[] {
  const lateAt = (lastMs: number): number => lastMs + 100;
  const limits = { nowMs, sinceMs: 1000, backupLateAt: lateAt, drillLateAt: lateAt };
  return judgeVault(state, limits).flatMap(({ concern, count }) => (count > 0 ? concern : []));
}

describe("the state of a vault", () => {
  it("keeps the last good run when later ones were not", () => {
    const state = stateAfter(run(10), run(20, "suspect"), run(30, "failed"));
    expect(state).toMatchObject({ lastGood: { at: 10, snapshot: "s10" }, silentErrors: 1 });
    expect(state.runs.map(({ verdict }) => verdict)).toEqual(["good", "suspect", "failed"]);
  });

  it("knows since when a location is behind", () => {
    const state = stateAfter(run(10), run(20, "good", false), run(30, "good", false));
    expect(state.locations).toEqual([
      { name: "a", reason: "", heldAt: 30 },
      { name: "b", reason: "it is away", heldAt: 10 },
    ]);
    const failed: VaultEvent = {
      kind: "run",
      run: { at: 40, verdict: "failed", snapshot: "", reason: "no location could be reached" },
      locations: [],
    };
    expect(noteVaultEvent(state, failed).locations).toEqual(state.locations);
  });

  it("V1: never grows beyond its limits", () => {
    const many = Array.from({ length: 500 }, (_, number) => [
      run(number, "suspect"),
      drill(number, `location-${number % 3}`),
      damage(`id-${number}`),
      {
        kind: "loss",
        loss: { at: number, path: `/p/${number}`, kind: "gone", reason: "gone" },
      } as const,
    ]).flat();
    const state = stateAfter(...many);
    expect(textOfVaultState(state).length).toBeLessThan(40_000);
    expect(state).toMatchObject({ silentErrors: 500 });
    expect(state.runs.at(-1)).toMatchObject({ at: 499 });
  });

  it("V2: keeps damage and losses until they are mended", () => {
    const loss = { at: 1, path: "/p", kind: "gone", reason: "it was deleted" } as const;
    const state = stateAfter(damage("x"), damage("x"), damage("y"), damage("x", "b"), run(9), {
      kind: "loss",
      loss,
    });
    expect(state.damage.map(({ id, location }) => location + id)).toEqual(["ax", "ay", "bx"]);
    expect(state.losses).toEqual([loss]);
    const less = noteVaultEvent(state, { kind: "repaired", location: "a", id: "x" });
    expect(less.damage.map(({ id, location }) => location + id)).toEqual(["ay", "bx"]);
    const all = noteVaultEvent(less, { kind: "repaired", location: "a" });
    expect(all.damage.map(({ location }) => location)).toEqual(["b"]);
    expect(noteVaultEvent(all, { kind: "settled", path: "/p" }).losses).toEqual([]);
  });

  it("forgets drills of locations that are no longer there", () => {
    const state = stateAfter(drill(1, "old"), run(5), drill(6, "a"));
    expect(state.drilledAt).toEqual({ a: 6 });
  });

  it("knows what is wrong with a stream until it is well, and its last gap", () => {
    const news = (at: number, what: StreamNews["news"], name = "orders"): VaultEvent => {
      return { kind: "stream", stream: { at, name, news: what, reason: `${what} of ${name}` } };
    };
    const broken = stateAfter(news(1, "trouble"), news(2, "no-base"), news(3, "gap"));
    expect(broken.streams).toEqual([
      {
        name: "orders",
        trouble: "trouble of orders",
        baseTrouble: "no-base of orders",
        gap: { at: 3, reason: "gap of orders" },
      },
    ]);
    const well = [news(5, "well"), news(6, "base"), news(9, "base")].reduce(noteVaultEvent, broken);
    expect(well.streams).toEqual([
      {
        name: "orders",
        trouble: "",
        baseTrouble: "",
        gap: { at: 3, reason: "gap of orders", endedAt: 6 },
      },
    ]);
    const both = noteVaultEvent(well, news(10, "trouble", "stock"));
    const left = noteVaultEvent(both, { kind: "streams", names: ["stock"] });
    expect(left.streams?.map(({ name }) => name)).toEqual(["stock"]);
    expect(vaultStateOfText(textOfVaultState(left))).toEqual({ ok: true, value: left });
  });

  it("V3: is read as it was written, and nothing else is taken for one", () => {
    const state = stateAfter(run(10), drill(11, "a", false), damage("x"));
    expect(vaultStateOfText(textOfVaultState(state))).toEqual({ ok: true, value: state });
    const later = textOfVaultState(state).replace('"version":1', '"version":2');
    for (const text of ["", "{}", "null", later, '{"version":1,"state":{}}']) {
      expect(vaultStateOfText(text)).toMatchObject({ ok: false });
    }
  });
});

describe("what there is to worry about", () => {
  it("W1: every concern is answered each time", () => {
    const limits = { nowMs: 0, sinceMs: 0, backupLateAt: () => 1, drillLateAt: () => undefined };
    for (const state of [undefined, stateAfter(run(1))]) {
      const concerns = judgeVault(state, limits).map(({ concern }) => concern);
      expect(concerns.toSorted()).toEqual([...vaultConcerns].toSorted());
    }
  });

  it.each<[string, [VaultState | undefined, number], readonly VaultConcern[]]>([
    ["none yet, and it is early", [undefined, 1100], []],
    ["W2: none yet, and it is late", [undefined, 1101], ["overdue", "drill-overdue"]],
    ["all is well", [stateAfter(run(1000), drill(1000, "a")), 1050], []],
    ["the last good one is old", [stateAfter(run(900), drill(1000, "a")), 1050], ["overdue"]],
    [
      "those since then were not good",
      [stateAfter(run(900), drill(1000, "a"), run(1040, "failed")), 1050],
      ["overdue", "failed"],
    ],
    ["the last drill is old", [stateAfter(run(1000), drill(900, "a")), 1050], ["drill-overdue"]],
    ["it was suspect", [stateAfter(run(1000), run(1001, "suspect")), 1050], ["suspect"]],
    ["a good one followed", [stateAfter(run(1000, "suspect"), run(1001)), 1050], []],
    ["it failed", [stateAfter(run(1000), run(1001, "failed")), 1050], ["failed"]],
    ["one is behind", [stateAfter(run(1000, "good", false)), 1050], ["behind"]],
    ["there is damage", [stateAfter(run(1000), damage("x")), 1050], ["damaged"]],
    [
      "nothing is received",
      [stateAfter(run(1000), stream("trouble", 1000)), 1050],
      ["stream-failed"],
    ],
    [
      "no copy of everything",
      [stateAfter(run(1000), stream("no-base", 1000)), 1050],
      ["stream-failed"],
    ],
    ["W3: a gap", [stateAfter(run(1000), stream("gap", 1000)), 1050], ["stream-gap"]],
    [
      "W3: a gap that is over, and just was",
      [stateAfter(run(1000), stream("gap", 1000), stream("base", 1001)), 1050],
      ["stream-gap"],
    ],
    [
      "W3: a gap that is over for long",
      [
        stateAfter(run(600_990), drill(600_990, "a"), stream("gap", 1000), stream("base", 1001)),
        601_050,
      ],
      [],
    ],
    ["a drill failed", [stateAfter(run(1000), drill(1001, "a", false)), 1050], ["drill-failed"]],
    [
      "the next one did not",
      [stateAfter(run(1000), drill(1, "a", false), drill(1001, "b")), 1050],
      [],
    ],
  ])("%s", (_, [state, nowMs], expected) => {
    expect(wrongIn(state, nowMs)).toEqual(expected);
  });

  it("tells why nothing is forgotten, until that is over", () => {
    const frozen = (...reasons: readonly string[]): VaultEvent => ({ kind: "frozen", reasons });
    const many = Array.from({ length: 99 }, (_, at) => `reason ${at}`);
    const state = stateAfter(run(1000), frozen(...many));
    expect(state.frozen).toHaveLength(20);
    expect(vaultStateOfText(textOfVaultState(state))).toEqual({ ok: true, value: state });
    expect(wrongIn(state, 1050)).toEqual(["frozen"]);
    expect(wrongIn(noteVaultEvent(state, frozen()), 1050)).toEqual([]);
  });

  it("names what is missing, and what is asked", () => {
    const lossOf = (path: string, kind: "gone" | "asked"): VaultEvent => ({
      kind: "loss",
      loss: { at: 1, path, kind, reason: "it was deleted" },
    });
    const state = stateAfter(
      run(1000),
      lossOf("/a", "gone"),
      lossOf("/b", "gone"),
      lossOf("/c", "asked"),
    );
    expect(wrongIn(state, 1050)).toEqual(["missing", "asked"]);
    const limits = { nowMs: 1, sinceMs: 0, backupLateAt: () => 2, drillLateAt: () => 2 };
    const facts = judgeVault(state, limits);
    expect(facts.find(({ concern }) => concern === "missing")).toEqual({
      concern: "missing",
      count: 2,
      reason: "what is to be restored: /a: it was deleted (and 1 more)",
    });
  });
});
