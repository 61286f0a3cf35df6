import { expect, test } from "vitest";
import type { Entry, Failure } from "../model/index.ts";
import { Redaction } from "./redaction.ts";

const failure: Failure = {
  id: "fail-payments",
  at: 0,
  resource: "http/payments",
  type: "check_failed",
  severity: "high",
  detector: "d",
  sensor: "s",
  reason: "payments says: key s3cr3t-key is wrong",
  evidence: ["GET /?k=s3cr3t-key", 'with "quotes" and \\ in it'],
};

test("texts for people are masked, ids and kinds are not (M1)", () => {
  const redaction = new Redaction();
  const entry: Entry = { kind: "failure_raised", failure };
  expect(redaction.told(entry)).toBe(entry);
  redaction.learn(["s3cr3t-key", "payments", '"quotes" and \\ in', "on"]);
  expect(redaction.told(entry)).toEqual({
    kind: "failure_raised",
    failure: {
      ...failure,
      reason: "*** says: key *** is wrong",
      evidence: ["GET /?k=***", "with *** it"],
    },
  });
  expect(redaction.told({ what: "s3cr3t-key", position: 7, seal: "payments" })).toEqual({
    what: "***",
    position: 7,
    seal: "payments",
  });
});

test("what steps would do is masked like every text", () => {
  const redaction = new Redaction();
  redaction.learn(["s3cr3t-key"]);
  const action = { preview: ["", "would call https://host/s3cr3t-key"] };
  expect(redaction.told({ action })).toEqual({
    action: { preview: ["", "would call https://host/***"] },
  });
});

test("what an incident is called is masked, and so is who holds a port", () => {
  const redaction = new Redaction();
  redaction.learn(["s3cr3t-key"]);
  expect(redaction.told({ title: "service/shop: s3cr3t-key is wrong" })).toEqual({
    title: "service/shop: *** is wrong",
  });
  const held = { kind: "port-held", port: 80, holder: { pid: 9, command: "nc s3cr3t-key" } };
  expect(redaction.told([held])).toEqual([{ ...held, holder: { pid: 9, command: "nc ***" } }]);
});

test("half a secret is masked where the answer of a server was cut off", () => {
  const redaction = new Redaction();
  redaction.learn(["s3cr3t-key"]);
  const readings = [{ kind: "check", ok: false, elapsedMs: 1, reason: "500: with s3cr3t..." }];
  expect(redaction.told(readings)).toMatchObject([{ reason: "500: with ***..." }]);
});

test("what quotes no secret is handed on as it is (M3)", () => {
  const redaction = new Redaction();
  redaction.learn(["s3cr3t-key"]);
  const readings = [{ kind: "check", ok: true, elapsedMs: 1, reason: "200" }];
  expect(redaction.told(readings)).toBe(readings);
});

test("the password of an address is masked where it stands alone", () => {
  const redaction = new Redaction();
  redaction.learn(["postgres://shop:p%40ssw0rd@db.example/orders"]);
  expect(redaction.told({ reason: "FATAL: p@ssw0rd is wrong for shop at db.example" })).toEqual({
    reason: "FATAL: *** is wrong for shop at db.example",
  });
});

test("secrets of an earlier fleet stay masked (M2)", () => {
  const redaction = new Redaction();
  redaction.learn(["first-secret"]);
  redaction.learn(["second-secret"]);
  expect(redaction.text("first-secret, second-secret")).toBe("***, ***");
});
