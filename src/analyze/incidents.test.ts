import { describe, expect, it } from "vitest";
import type { Failure } from "../model/index.ts";
import { cause, Ward } from "./incidents-bench.ts";
import { type ActionOutcome, restoreIncidents } from "./incidents-state.ts";

describe("incidents", () => {
  it("takes failures of what needs the cause as its victims, also over several steps", () => {
    const ward = new Ward();
    ward.raise("db");
    ward.raise("web");
    ward.raise("batch");
    ward.raise("other");
    expect(ward.told).toEqual([`${cause("db")}: db / web,batch`, `${cause("other")}: other / `]);
  });

  it("gathers several failures of one resource", () => {
    const ward = new Ward();
    ward.raise("db", "hang");
    ward.raise("db", "crash_loop");
    expect(ward.told).toEqual([`${cause("db")}: db,db / `]);
  });

  it("folds incidents into that of a cause that is recognised later", () => {
    const ward = new Ward();
    ward.raise("batch");
    ward.nowMs += 3000;
    ward.raise("web");
    ward.nowMs += 3000;
    ward.raise("db");
    expect(ward.told).toEqual([`${cause("db")}: db / web,batch`]);
    const before = [...ward.incidents.values()].filter(({ state }) => state.kind === "resolved");
    const id = ward.live[0]?.id ?? "";
    const ends = before.map(({ state }) => (state.kind === "resolved" ? state.by : state.kind));
    // The incident of `batch` had become part of that of `web` before.
    expect(ends).toHaveLength(2);
    expect(ends.at(-1)).toBe(`is part of ${id}`);
  });

  it("is one incident from the start when the cause is known with its victims", () => {
    const ward = new Ward();
    const all = ["batch", "other", "web", "db"].map((name) => ward.failure(name));
    expect(ward.tell(all)).toHaveLength(2);
    expect(ward.told).toEqual([`${cause("other")}: other / `, `${cause("db")}: db / web,batch`]);
    expect(ward.incidents.size).toBe(2);
  });

  it("does not fold what began long before the cause", () => {
    const ward = new Ward();
    ward.raise("web");
    ward.nowMs += 10_001;
    ward.raise("db");
    expect(ward.live).toHaveLength(2);
  });

  it("never takes an exhaustion for somebody else's doing", () => {
    const ward = new Ward();
    ward.raise("web", "memory_exhaustion");
    ward.raise("db");
    ward.raise("batch", "disk_exhaustion");
    expect(ward.live.map((each) => each.cause)).toEqual([
      cause("web"),
      cause("db"),
      cause("batch"),
    ]);
  });

  it("never takes a job for the cause, whenever it has failed", () => {
    const ward = new Ward();
    ward.raise("web");
    ward.raise("job", "process_exited");
    ward.raise("batch", "process_exited");
    expect(ward.told.toSorted()).toEqual([
      `${cause("job")}: job / `,
      `${cause("web")}: web / batch`,
    ]);
  });

  it("keeps every open failure in exactly one live incident (N1)", () => {
    const ward = new Ward();
    const names = ["batch", "db", "other", "web"];
    for (const name of names) ward.raise(name);
    const all = ward.live.flatMap(({ failures, victims }) => [...failures, ...victims]);
    expect(all.toSorted()).toEqual([...ward.state.failures.keys()].toSorted());
    expect(new Set(all).size).toBe(names.length);
  });

  it("is resolved when all its failures are, and not before (N2)", () => {
    const ward = new Ward();
    const [db, web] = [ward.raise("db"), ward.raise("web")];
    ward.resolve(db);
    expect(ward.live).toHaveLength(1);
    const [incident] = ward.resolve(web);
    expect(incident?.state).toEqual({ kind: "resolved", at: ward.nowMs, by: "act_1" });
  });

  it("gives victims that go on failing an incident of their own (N4)", () => {
    const ward = new Ward();
    const [db] = [ward.raise("db"), ward.raise("web")];
    ward.resolve(db);
    ward.nowMs += 9999;
    expect(ward.tell([])).toEqual([]);
    ward.nowMs += 1;
    ward.tell([]);
    expect(ward.told).toEqual([`${cause("web")}: web / `]);
  });

  it("leaves the victims where they are when the cause fails again meanwhile", () => {
    const ward = new Ward();
    const [db] = [ward.raise("db"), ward.raise("web")];
    ward.resolve(db);
    ward.nowMs += 5000;
    ward.raise("db", "crash_loop");
    ward.nowMs += 5000;
    ward.tell([]);
    expect(ward.told).toEqual([`${cause("db")}: db / web`]);
  });

  it("follows what is done for its cause, and not what is done for a victim", () => {
    const ward = new Ward();
    const [db, web] = [ward.raise("db"), ward.raise("web")];
    const incident = ward.live[0]?.id ?? "";
    const begun = (failure: Failure, action: string): ActionOutcome => ({
      kind: "action_begun",
      incident,
      failure: failure.id,
      action,
      resource: failure.resource,
    });
    expect(ward.tell([], begun(web, "act_1"))).toEqual([]);
    expect(ward.tell([], begun(db, "act_2"))).toMatchObject([
      { state: { kind: "recovering", action: "act_2" } },
    ]);
    ward.tell([], { ...begun(db, "act_2"), kind: "action_succeeded" });
    expect(ward.live[0]?.state).toEqual({ kind: "verifying", action: "act_2" });
    ward.tell([], { kind: "escalated", incident, reason: "nothing is left" });
    expect(ward.live[0]?.state.kind).toBe("escalated");
    ward.tell([], { ...begun(db, "act_2"), kind: "action_failed" });
    expect(ward.live[0]?.state.kind).toBe("open");
  });

  it("takes up what was live when the daemon before this one ended", () => {
    const before = new Ward();
    const [db, web] = [before.raise("db"), before.raise("web")];
    const after = new Ward();
    restoreIncidents(after.state, before.memory([db, web]), before.now);
    after.raise("batch");
    expect(after.incidents.size).toBe(1);
    after.resolve(db);
    after.resolve(web);
    expect(after.live[0]?.id).toBe(before.live[0]?.id);
  });

  it("gives victims of a cause that was healed before a restart an incident of their own (N4)", () => {
    const before = new Ward();
    const [db, web] = [before.raise("db"), before.raise("web")];
    before.resolve(db);
    const after = new Ward();
    restoreIncidents(after.state, before.memory([web]), before.now);
    after.tell([]);
    expect(after.told).toEqual([`${cause("web")}: web / `]);
  });

  it("forgets what is over and cannot relapse any more (N6)", () => {
    const ward = new Ward();
    for (let count = 0; count < 500; count += 1) {
      ward.raise("web");
      const db = ward.raise("db");
      ward.resolve(db);
      ward.nowMs += 3_600_000;
      ward.tell([]);
      for (const failure of ward.state.failures.values()) ward.resolve(failure);
    }
    expect(ward.incidents.size).toBeGreaterThan(900);
    expect(ward.state.incidents.size).toBeLessThan(10);
    expect(ward.state.resolved.size).toBeLessThan(10);
  });

  it("keeps of a long incident what is open and the last of what is over (N6)", () => {
    const ward = new Ward();
    const db = ward.raise("db");
    for (let count = 0; count < 500; count += 1) {
      ward.nowMs += 1000;
      ward.resolve(ward.raise("web"));
    }
    expect(ward.live).toHaveLength(1);
    expect(ward.live[0]?.failures).toEqual([db.id]);
    expect(ward.live[0]?.victims.length).toBeLessThan(30);
  });
});

describe("the history of incidents (N3, N8)", () => {
  /** `web` has crashed by itself, and 2 s later `db` is killed. */
  function killedAfterCrash(): { ward: Ward; db: Failure; web: Failure } {
    const ward = new Ward();
    const web = ward.raise("web", "process_exited");
    ward.nowMs += 2000;
    const db = ward.raise("db", "process_exited");
    return { ward, db, web };
  }

  it("leaves what had crashed by itself before the cause its own incident (N8)", () => {
    const { ward } = killedAfterCrash();
    expect(ward.told).toEqual([`${cause("web")}: web / `, `${cause("db")}: db / `]);
  });

  it("does not take back a victim that outlasted it, when it comes again (N1)", () => {
    const ward = new Ward();
    ward.raise("batch");
    const db = ward.raise("db");
    ward.resolve(db);
    ward.nowMs += 10_000;
    ward.tell([]);
    ward.raise("db");
    expect(ward.told).toEqual([`${cause("db")}: db / batch`]);
    for (const failure of ward.state.failures.values()) {
      if (failure.resource === cause("db")) ward.resolve(failure);
    }
    ward.nowMs += 10_000;
    ward.tell([]);
    expect(ward.told).toEqual([`${cause("batch")}: batch / `]);
  });

  it("takes what crashes after the cause, or at the same time, for a victim (N8)", () => {
    const ward = new Ward();
    ward.tell([ward.failure("web", "process_exited"), ward.failure("db", "process_exited")]);
    ward.nowMs += 1000;
    ward.raise("batch", "process_exited");
    expect(ward.told).toEqual([`${cause("db")}: db / web,batch`]);
  });

  it("takes no crash for the doing of something that only grows old, or is slow (N8)", () => {
    for (const type of ["stale", "slow", "certificate_expiry"] as const) {
      const ward = new Ward();
      ward.raise("db", type);
      ward.nowMs += 60_000;
      ward.raise("web", "process_exited");
      expect(ward.live.map(({ cause }) => cause)).toEqual(["instance/db.1", "instance/web.1"]);
    }
  });

  it("keeps cause and title of an incident whatever its victims do later (N3)", () => {
    const ward = new Ward();
    const db = ward.raise("db", "process_exited");
    const first = ward.live[0];
    const web = ward.raise("web", "process_exited");
    ward.resolve(web);
    ward.resolve(db);
    for (let count = 0; count < 5; count += 1) {
      ward.nowMs += 25_000;
      ward.resolve(ward.raise("web", "process_exited"));
    }
    const told = [...ward.incidents.values()].map((each) => [each.cause, each.relapses]);
    expect(told).toEqual([
      [cause("db"), 0],
      [cause("web"), 4],
    ]);
    expect(ward.incidents.get(first?.id ?? "")).toMatchObject({
      cause: first?.cause,
      title: first?.title,
      state: { kind: "resolved" },
    });
  });
});

describe("a dependency that is down (N5)", () => {
  it("has what says so in its own incident", () => {
    const ward = new Ward();
    ward.raise("db", "process_exited");
    ward.nowMs += 3_600_000;
    ward.raise("web", "dependency_down");
    expect(ward.told).toEqual([`${cause("db")}: db / web`]);
  });

  it("takes along what its dependent suffered from before, however long", () => {
    const ward = new Ward();
    ward.raise("web", "check_failed");
    ward.nowMs += 3_600_000;
    ward.raise("db", "process_exited");
    expect(ward.live).toHaveLength(2);
    ward.raise("web", "dependency_down");
    expect(ward.told).toEqual([`${cause("db")}: db / web,web`]);
  });

  it("does not take facts of its dependent for its own doing", () => {
    const ward = new Ward();
    ward.raise("web", "memory_exhaustion");
    ward.raise("db", "process_exited");
    ward.raise("web", "dependency_down");
    expect(ward.told.toSorted()).toEqual([`${cause("db")}: db / `, `${cause("web")}: web,web / `]);
  });
});
