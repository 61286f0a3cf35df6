import { describe, expect, it } from "vitest";
import type { Reading } from "../../model/index.ts";
import { opinions } from "./detector-bench.ts";
import { proxyListenDetector } from "./proxy-listen.ts";

const held = { kind: "port-held", port: 80, service: "shop" } as const;
const answers = (listening: readonly string[]): Reading => ({
  kind: "check",
  ok: true,
  elapsedMs: 1,
  reason: "it answers",
  listening,
});
const said = (reading: Reading) => opinions(proxyListenDetector(), "proxy", [reading])[0];
const reasonOf = (error: string) => {
  const opinion = said({ ...held, error });
  return opinion?.kind === "bad" ? opinion.reason : undefined;
};

describe("the front proxy cannot listen", () => {
  it("names the service as the part, and who has its port", () => {
    const holder = { pid: 7, command: "nc -l 80" };
    const who = "port 80 is held by pid 7 (nc -l 80)";
    expect(said({ ...held, error: "EADDRINUSE", holder })).toEqual({
      kind: "bad",
      type: "proxy_listen",
      part: "shop",
      severity: "critical",
      reason: `the proxy cannot listen for shop: ${who}`,
    });
    expect(reasonOf("EADDRINUSE")).toContain("held by a process that cannot be seen");
    expect(reasonOf("EACCES")).toContain("port 80 is refused with EACCES");
  });

  it("is over for the services that it listens for, and for those alone", () => {
    const types = ["proxy_listen"];
    expect(said(answers(["shop"]))).toEqual({ kind: "good", types, part: "shop" });
    expect(said(answers([]))).toBeUndefined();
  });
});
