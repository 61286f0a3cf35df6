import { describe, expect, it } from "vitest";
import { CircuitBreakerError, ManualTools } from "../../resilience/index.ts";
import { ErrorBook, type HeardError } from "./error-book.ts";
import { groupLimits } from "./error-groups.ts";
import { reportOf } from "./error-report.ts";
import { headlineOf } from "./headline.ts";

class Bench {
  readonly tools = new ManualTools();
  readonly book = new ErrorBook(0);

  fail(operation: string, error: unknown, more: Partial<HeardError> = {}) {
    const moment = { monotonicMs: this.tools.monotonicMs(), wallMs: this.tools.wallMs() };
    return this.book.hear({ operation, category: "unknown", error, ...more }, moment);
  }

  /** As an engine does. */
  hear(operation: string, error: unknown, more: Partial<HeardError> = {}): void {
    const category = "unknown";
    const alike = this.book.alike({ operation, category, ...more }, this.tools.monotonicMs());
    if (alike === undefined) this.fail(operation, error, more);
  }

  get report() {
    const { tools, book } = this;
    return reportOf({ book, relations: [], sinceMs: 0, since: 0, nowMs: tools.monotonicMs() });
  }

  get headlines(): readonly string[] {
    return this.report.errors.map(({ headline }) => headline);
  }
}

function refusal(port = 5432): Error {
  const message = `connect ECONNREFUSED 127.0.0.1:${port}`;
  return Object.assign(new Error(message), { code: "ECONNREFUSED", address: "127.0.0.1", port });
}

describe("one failure that several operations see is one error", () => {
  it("when the very same thing is thrown on", () => {
    const bench = new Bench();
    const error = refusal();
    for (const operation of ["db.query", "payments.charge", "api.order"])
      bench.fail(operation, error);
    expect(bench.report.errors).toMatchObject([
      {
        headline: "api.order → payments.charge → db.query: ECONNREFUSED 127.0.0.1:5432",
        calls: 1,
        origin: "db.query",
        resource: "127.0.0.1:5432",
        paths: [
          { operations: ["api.order", "payments.charge", "db.query"], calls: 1, evidence: "same" },
        ],
      },
    ]);
  });

  it("when it is the cause of what is thrown, at any depth, and one of many", () => {
    const bench = new Bench();
    const error = refusal();
    bench.fail("db.query", error);
    const wrapped = new Error("no charge", { cause: new Error("no query", { cause: error }) });
    bench.fail("payments.charge", wrapped);
    bench.fail("api.order", new AggregateError([new Error("other"), wrapped], "all failed"));
    expect(bench.report.errors).toMatchObject([
      { calls: 1, paths: [{ evidence: "cause" }], origin: "db.query" },
    ]);
    expect(bench.headlines).toEqual([
      "api.order → payments.charge → db.query: ECONNREFUSED 127.0.0.1:5432",
    ]);
  });

  it("when a circuit refuses because of it", () => {
    const bench = new Bench();
    bench.fail("db.query", refusal());
    const refused = new CircuitBreakerError("db.query", 1000);
    bench.fail("db.query", refused, { category: "rejected" });
    bench.fail("api.order", refused, { category: "rejected" });
    expect(bench.report.errors).toMatchObject([
      { calls: 1, refused: 1, paths: [{ operations: ["api.order", "db.query"] }, {}] },
    ]);
    expect(bench.report.errors[0]?.paths[0]?.evidence).toBe("same");
  });

  it("when it failed while the outer call was at work for the same request", async () => {
    const bench = new Bench();
    const ids = { requestId: "r1" };
    await bench.tools.advance(100);
    bench.fail("db.query", refusal(), { ...ids, elapsedMs: 20 });
    await bench.tools.advance(10);
    bench.fail("api.order", new Error("order failed"), { ...ids, elapsedMs: 50 });
    expect(bench.report.errors).toMatchObject([
      { calls: 1, paths: [{ operations: ["api.order", "db.query"], evidence: "request" }] },
    ]);
  });

  it("and not when it only comes next in the request, or in another one", async () => {
    const bench = new Bench();
    await bench.tools.advance(100);
    bench.fail("db.query", refusal(), { requestId: "r1", elapsedMs: 20 });
    await bench.tools.advance(10);
    bench.fail("mail.send", new Error("no mail"), { requestId: "r1", elapsedMs: 5 });
    bench.fail("api.order", new Error("order failed"), { requestId: "r2", elapsedMs: 50 });
    bench.fail("api.other", new Error("other failed"), { requestId: "r1" });
    expect(bench.report.errors).toHaveLength(4);
  });

  it("a thing that is thrown again and again counts each time, and the ways stay right", () => {
    const bench = new Bench();
    const constant = new Error("busy");
    for (let round = 0; round < 10; round += 1) {
      bench.fail("db.query", constant);
      bench.fail("api.order", constant);
    }
    expect(bench.report.errors).toMatchObject([
      { calls: 10, paths: [{ operations: ["api.order", "db.query"], calls: 10 }] },
    ]);
  });

  it("a shared cause belongs to where it arose, and not to who failed before", () => {
    const bench = new Bench();
    const error = refusal();
    bench.fail("db.connect", error);
    bench.fail("api.order", new Error("no order", { cause: error }));
    bench.fail("mail.send", new Error("no mail", { cause: error }));
    expect(bench.report.errors[0]?.paths.map(({ operations }) => operations)).toEqual([
      ["api.order", "db.connect"],
      ["mail.send", "db.connect"],
    ]);
  });
});

describe("the same error is known again", () => {
  it("whatever numbers, ids and texts are in it", () => {
    const bench = new Bench();
    for (let id = 0; id < 100; id += 1)
      bench.fail("orders.get", new Error(`order ${id} of "u${id}" is gone`));
    expect(bench.report.errors).toMatchObject([
      { calls: 100, text: "order <n> of <text> is gone", examples: { length: 3 } },
    ]);
  });

  it("by its last cause, as where what failed first is not wrapped", () => {
    const bench = new Bench();
    bench.fail("http", new TypeError("fetch failed", { cause: refusal(3000) }));
    expect(bench.headlines).toEqual(["http: ECONNREFUSED 127.0.0.1:3000"]);
  });

  it("two hosts, two codes, two classes and two categories are four", () => {
    const bench = new Bench();
    for (const error of [refusal(1), refusal(2), new TypeError("x"), new RangeError("x")])
      bench.fail("a", error);
    bench.fail("a", new RangeError("x"), { category: "timeout" });
    expect(bench.report.errors).toHaveLength(5);
  });

  it("with the same id in every process", () => {
    const [one, other] = [new Bench(), new Bench()];
    one.fail("a", refusal());
    other.fail("b", new Error("x"));
    other.fail("b", refusal());
    expect(other.report.errors.map(({ id }) => id)).toContain(one.report.errors[0]?.id);
  });

  it("texts that are always new end in one group, and are no news", async () => {
    const bench = new Bench();
    await bench.tools.advance(400_000);
    let isNews = false;
    for (let index = 0; index < 20_000; index += 1) {
      if (index % 100 === 0) await bench.tools.advance(1000);
      const word = String(index).replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");
      isNews = bench.fail("users.get", new Error(`no user ${word}`))?.isNew === true || isNews;
    }
    expect(bench.report.errors).toHaveLength(groupLimits.textsMax + 1);
    expect(bench.report.errors[0]).toMatchObject({
      text: "(various texts)",
      calls: 20_000 - groupLimits.textsMax,
    });
    expect(isNews).toBe(false);
  });

  it("memory is bounded, and what gave way is counted (G1)", async () => {
    const bench = new Bench();
    for (let index = 0; index < 5000; index += 1) {
      if (index % 100 === 0) await bench.tools.advance(1000);
      const error = Object.assign(new Error("x"), { code: `E${index}` });
      bench.fail(`op${index}`, error);
      bench.fail(`outer${index}`, error);
    }
    const { errors, forgotten, calls } = bench.report;
    expect(errors).toHaveLength(groupLimits.groupsMax);
    expect(forgotten).toEqual({ groups: 4700, calls: 4700 });
    expect(calls).toBe(10_000);
  });

  it("ways are bounded, too (P2)", () => {
    const bench = new Bench();
    const error = new Error("x");
    for (let index = 0; index < 1000; index += 1) bench.fail(`op${index}`, error);
    const [report] = bench.report.errors;
    expect(report?.paths[0]?.operations).toHaveLength(32);
    for (let index = 0; index < 1000; index += 1) bench.fail(`other${index}`, new Error("x"));
    const [later] = bench.report.errors;
    expect(later).toMatchObject({ calls: 1001, origin: "(others)", paths: { length: 2 } });
  });
});

it("keeps no secret, in no text of a report", () => {
  const bench = new Bench();
  const message = "login postgres://me:hunter2@db/x failed with token=abcdef123 Bearer hunter3";
  const cause = Object.assign(new Error(message), {
    code: "token=hunter4",
    table: "password=hunter5",
  });
  bench.fail("db", new Error("api_key: hunter6", { cause }));
  bench.fail("db", "secret=hunter7");
  const told = JSON.stringify(bench.report);
  expect(told).toContain("***");
  expect(told).not.toMatch(/hunter|abcdef123/);
});

it("hostile things are errors like others", () => {
  const bench = new Bench();
  const hostile = new Proxy(new Error("x"), {
    get() {
      throw new Error("no look");
    },
  });
  const ring = new Error("ring");
  ring.cause = ring;
  for (const error of [hostile, ring, null, undefined, 7, "text", Symbol("s"), () => {}, {}])
    bench.fail("op", error);
  expect(bench.report.calls).toBe(9);
  expect(headlineOf([...bench.book.groups][0] as never)).toContain("op: ");
});

it("what a caller has cancelled is no error (B3)", () => {
  const bench = new Bench();
  bench.fail("op", new Error("aborted"), { category: "cancelled" });
  expect(bench.report).toMatchObject({ calls: 0, errors: [] });
});

it("of a flood all are counted, and few are looked at; ways stay right (B1)", async () => {
  const bench = new Bench();
  let looks = 0;
  for (let round = 0; round < 5000; round += 1) {
    const error = new Error("busy");
    const thrown = new Proxy(error, {
      get(target, key): unknown {
        if (key === "cause") looks += 1;
        return Reflect.get(target, key);
      },
    });
    for (const operation of ["db.query", "api.order"]) bench.hear(operation, thrown);
    bench.hear("api.order", new Error("stopped"), { category: "cancelled" });
    if (round % 77 === 0) await bench.tools.advance(10);
  }
  expect(bench.report).toMatchObject({ calls: 10_000, errors: { length: 1 } });
  expect(bench.report.errors).toMatchObject([
    { calls: 5000, paths: [{ operations: ["api.order", "db.query"], calls: 5000 }] },
  ]);
  expect(looks).toBeGreaterThan(100);
  expect(looks).toBeLessThan(2000);
});

it("what was only counted makes no new way of who fails because of it a moment later (B1)", async () => {
  const bench = new Bench();
  for (let round = 0; round < 300; round += 1) {
    const error = new Error("busy");
    for (const operation of ["db.query", "api.order"]) bench.hear(operation, error);
  }
  const last = new Error("busy");
  bench.hear("db.query", last);
  await bench.tools.advance(150);
  bench.hear("api.order", last);
  expect(bench.report.errors).toMatchObject([
    { calls: 301, paths: [{ operations: ["api.order", "db.query"], calls: 301 }] },
  ]);
  expect(bench.report.errors[0]?.paths).toHaveLength(1);
});

it("a status is said once, where the text has it", () => {
  const bench = new Bench();
  const answer = Object.assign(new Error("GET /pay answered 503"), { code: 503 });
  bench.fail("http.get", answer);
  bench.fail("http.post", Object.assign(new Error("7 are in the queue"), { code: 503 }));
  expect(bench.headlines).toEqual([
    "http.get: GET <path> answered 503",
    "http.post: 503 <n> are in the queue",
  ]);
});
