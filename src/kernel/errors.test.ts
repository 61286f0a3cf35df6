import { describe, expect, it } from "vitest";
import { type ErrorCode, errorTable, SoulMirrorError } from "./errors.ts";

const codes = Object.keys(errorTable) as ErrorCode[];

describe("errors", () => {
  it.each(codes)("%s has a status, an exit code and a meaning", (code) => {
    const { status, exitCode, means } = errorTable[code];
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(exitCode).toBeGreaterThan(0);
    expect(exitCode).toBeLessThan(126);
    expect(means).toMatch(/^\S.*[^.]$/);
  });

  it("carry their code, what can be done about it, and their cause", () => {
    const cause = new Error("ENOSPC");
    const error = new SoulMirrorError("STORE_UNAVAILABLE", "it is full", { fix: "free it", cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "SoulMirrorError",
      code: "STORE_UNAVAILABLE",
      message: "it is full",
      fix: "free it",
      status: 503,
      exitCode: 3,
      cause,
    });
  });

  it("have neither fix nor cause unless they are given", () => {
    const error = new SoulMirrorError("INTERNAL", "broken");
    expect([error.fix, error.retryAfterMs]).toEqual([undefined, undefined]);
    expect("cause" in error).toBe(false);
    expect(Object.keys(error).toSorted()).toEqual(["code", "name"]);
    expect(Object.keys(new SoulMirrorError("BUSY", "full", { retryAfterMs: 5 }))).toContain(
      "retryAfterMs",
    );
  });
});
