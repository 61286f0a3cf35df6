import { describe, expect, it } from "vitest";
import type { ServiceView } from "../loop/index.ts";
import type { Action, Failure, Incident, SealedEntry } from "../model/index.ts";
import { inOrder } from "./commands/incidents.ts";
import { victimLine } from "./commands/show.ts";
import type { FleetReport, LiveIncident } from "./fleet-report.ts";
import { renderReport } from "./render-report.ts";
import { createStyle } from "./style.ts";
import { EntryTeller } from "./tell-entry.ts";

const style = createStyle({ isColoured: false, isAscii: true });

function serviceOf(name: string, other: Partial<ServiceView> = {}): ServiceView {
  return {
    name,
    resource: `service/${name}`,
    state: "healthy",
    reason: null,
    pinned: false,
    rests: false,
    pid: 1,
    restarts: 0,
    mode: "full",
    listen: null,
    dependsOn: [],
    instances: [],
    ...other,
  };
}

function incidentOf(id: string, state: Incident["state"], openedAt = 0): LiveIncident {
  const title = `${id} is not well`;
  const rest = {
    severity: "high",
    failures: [],
    victims: [],
    openVictims: 0,
    relapses: 0,
  } as const;
  return { id, openedAt, cause: "service/other", title, state, ...rest };
}

function reportOf(other: Partial<FleetReport>): FleetReport {
  const rest = {
    services: [],
    resources: [],
    incidents: [],
    actions: [],
    engines: [],
    steered: [],
    modes: {},
  };
  return { fleet: "shop", version: "1", url: "http://x", mode: "full", ...rest, ...other };
}

it("a job that has done its work is nobody's care", () => {
  const job = serviceOf("job", { state: "stopped", rests: true, pid: null });
  const text = renderReport(reportOf({ services: [job] }), { style, nowMs: 0 });
  expect(text).toContain("The service is well.");
  const stopped = { ...job, rests: false };
  const other = renderReport(reportOf({ services: [stopped] }), { style, nowMs: 0 });
  expect(other).toContain("job is stopped.");
});

const escalated = incidentOf("other", { kind: "escalated", at: 5, reason: "nothing helped" });
const reason = "the proxy cannot listen for web: port 80 is held by pid 7 (nc)";
const cutOff = serviceOf("web", { state: "unhealthy", reason });

function headOf(report: Partial<FleetReport>): readonly string[] {
  return renderReport(reportOf(report), { style, nowMs: 0 }).split("\n");
}

describe("the headline", () => {
  it("tells who is cut off, whatever else a person has to do", () => {
    const [line] = headOf({ services: [cutOff], incidents: [escalated] });
    expect(line).toBe(`1 incident for a person: other is not well; ${reason}`);
  });

  it("does not say that all is well while one runs with an older configuration", () => {
    const services = [serviceOf("web", { pinned: true })];
    expect(headOf({ services })[0]).toBe("web runs with its last good configuration.");
  });

  it("says that somebody is asked, and how to answer", () => {
    const action = { state: "waiting_for_approval", strategy: "clean", resource: "host/local" };
    const rest = { at: 0, reason: "full", irreversible: true, steps: [], preview: [] };
    const one = { id: "act_1", ...action, ...rest };
    const [, told] = headOf({ actions: [one] });
    expect(told).toBe("1 action waits for approval: soulmirror approve act_1");
    const because = { ...one, reason: "clean for disk_exhaustion (declared): it is full" };
    const below = headOf({ actions: [because] }).join("\n");
    expect(below).toContain("clean on host/local for disk_exhaustion (declared): it is full");
    const [, both] = headOf({ actions: [one, { ...one, id: "act_2" }] });
    expect(both).toMatch(/^2 actions wait for approval: /);
  });

  it("names a mode only where it differs from the fleet's", () => {
    const [, about] = headOf({ modes: { worker: "full", web: "off" } });
    expect(about).toBe("fleet shop, mode full (web: off), page http://x");
  });
});

describe("incidents", () => {
  it("that came back are told by why they did, and last since then", () => {
    const again = { ...escalated, relapses: 1, reopened: { at: 60_000, reason: "it hangs" } };
    const moment = { style, nowMs: 65_000 };
    const text = renderReport(reportOf({ incidents: [again] }), moment);
    expect(text).toContain("1 incident for a person: service/other: it hangs");
    expect(text).toMatch(/other, reopened [\d:-]+( [\d:]+)?, for 5 s/);
    expect(text).not.toContain("other is not well");
    const entry = { kind: "incident", incident: again } as const;
    const told = new EntryTeller(style).tell({ at: 0, entry } as unknown as SealedEntry);
    expect(told).toContain("a person is needed: service/other: it hangs: nothing helped");
  });

  it("hurt whoever is not well yet, and not whoever ever was a victim", () => {
    const told = (openVictims: number) =>
      headOf({ incidents: [{ ...escalated, victims: ["a", "b"], openVictims }] }).join("\n");
    expect(told(1)).toContain("also hurts 1 other check");
    expect(told(0)).not.toContain("also hurts");
    const row = { affectedService: "web", failureType: "hang" };
    expect(victimLine({ ...row, resolvedAt: null })).toEqual(["hurts", "web: hang"]);
    expect(victimLine({ ...row, resolvedAt: 5 })).toEqual(["hurt", "web: hang (over)"]);
  });

  it("come with the live ones first, then by their last change", () => {
    const late = incidentOf("late", { kind: "resolved", at: 90, by: "a" }, 1);
    const early = incidentOf("early", { kind: "resolved", at: 50, by: "b" }, 40);
    const live = incidentOf("live", { kind: "open" }, 2);
    const sorted = inOrder([live, escalated], [early, live, late]);
    expect(sorted.map(({ id }) => id)).toEqual(["other", "live", "late", "early"]);
  });
});

describe("a line of the journal", () => {
  const seal = (entry: SealedEntry["entry"]) => ({ at: 0, entry }) as SealedEntry;

  it("names the service that a verdict is about", () => {
    const teller = new EntryTeller(style);
    const failure = { id: "f", resource: "instance/web.1" } as unknown as Failure;
    teller.hear({ kind: "failure_raised", failure });
    const verdict = { at: 1, failure: "f", healed: true, reason: "3 good looks" };
    const told = teller.tell(
      seal({ kind: "verdict", verdict: { ...verdict, healedAfterMs: 900 } }),
    );
    expect(told).toContain("web.1 healed after 900 ms: 3 good looks");
  });

  it("is red for an end that nobody asked for, and not for the good end of a job", () => {
    const teller = new EntryTeller(createStyle({ isColoured: true, isAscii: false }));
    const told = (code: number) => {
      const exit = { resource: "instance/job.1", code, signal: null, uptimeMs: 1, expected: false };
      return teller.tell(seal({ kind: "process_exited", exit } as SealedEntry["entry"]));
    };
    expect(told(1)).toContain("\u001b[31mjob.1 ended (code 1)");
    expect(told(0)).not.toContain("\u001b[31m");
  });

  it("tells of an incident when it opens, and not after each attempt", () => {
    const teller = new EntryTeller(style);
    const tell = (kind: string) => {
      const state = { kind } as Incident["state"];
      return teller.tell(seal({ kind: "incident", incident: incidentOf("web", state) }));
    };
    expect(tell("open")).toContain("incident: web is not well");
    expect([tell("recovering"), tell("open"), tell("open")]).toEqual(Array(3).fill(undefined));
    expect(tell("resolved")).toContain("resolved: web is not well");
    expect(tell("open")).toContain("incident: web is not well");
  });

  it("leaves it to the verdict to say that an action did not help", () => {
    const plan = { strategy: "restart", resource: "instance/web.1", cause: { kind: "failure" } };
    const told = (reason: string) => {
      const action = { id: "a", plan, status: { kind: "failed", elapsedMs: 1, reason } };
      return new EntryTeller(style).tell(seal({ kind: "action", action: action as Action }));
    };
    expect(told("no such file")).toContain("restart of web.1 failed: no such file");
    expect(told("not healed: it exited")).toBeUndefined();
  });

  it("does not say twice what is done", () => {
    const plan = {
      strategy: "restart",
      resource: "instance/web.1",
      reason: "restart for hang (untried): no answer",
      cause: { kind: "failure", incident: "i", failure: "f" },
    };
    const action = { id: "a", plan, status: { kind: "initiated" } } as unknown as Action;
    const told = new EntryTeller(style).tell(seal({ kind: "action", action }));
    expect(told).toContain("restart of web.1 for hang (untried): no answer");
  });
});
