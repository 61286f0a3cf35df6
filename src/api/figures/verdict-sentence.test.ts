import { describe, expect, it } from "vitest";
import type { ServiceView } from "../../loop/index.ts";
import type { Incident } from "../../model/index.ts";
import { judgeFleet } from "./verdict-sentence.ts";

const reason = "the proxy cannot listen for web: port 80 is held by pid 7 (nc)";

function serviceOf(other: Partial<ServiceView>): ServiceView {
  return {
    name: "web",
    resource: "service/web",
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

function textOf(services: readonly ServiceView[], incidents: readonly Incident[]): string {
  const house = {
    liveIncidents: () => incidents,
    openFailures: () => [],
    services: () => services,
    resources: () => [],
    self: () => {
      throw new Error("what is told does not depend on it");
    },
  };
  return judgeFleet(house, () => undefined).text;
}

describe("the verdict in one sentence", () => {
  it("tells who is cut off, whatever else a person has to do", () => {
    const escalated: Incident = {
      id: "inc",
      openedAt: 0,
      cause: "service/other",
      title: "other hangs",
      severity: "high",
      failures: [],
      victims: [],
      relapses: 0,
      state: { kind: "escalated", at: 5, reason: "nothing helped" },
    };
    const told = textOf([serviceOf({ state: "unhealthy", reason })], [escalated]);
    expect(told).toMatch(/^1 incident: other is not well; a person is needed/);
    expect(told).toContain(`; ${reason}.`);
  });

  it("does not say that all is well while one runs with an older configuration", () => {
    expect(textOf([serviceOf({ pinned: true })], [])).toBe(
      "The service is well; web runs with its last good configuration, not with what the fleet file says.",
    );
  });
});
