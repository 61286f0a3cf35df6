/** C2: a code proves something where it was made, and nothing where it was copied to. */
import { expect, it } from "vitest";
import { createClassify } from "./classify.ts";

const classify = createClassify(() => 0);

class PaymentError extends Error {
  readonly code = "ECONNREFUSED";
}

it.each([
  ["into a class of somebody's own", new PaymentError("the second step failed")],
  [
    "under a name of somebody's own",
    Object.assign(new Error("no such host"), { name: "OrderFailed", code: "ENOTFOUND" }),
  ],
])("a code of the system that was copied %s proves nothing", (_how, error) => {
  expect(classify(error)).toMatchObject({ isTransient: true, neverStarted: false });
});

it.each([
  ["an error of Node", new Error("refused"), { code: "ECONNREFUSED" }],
  [
    "one of a driver that tells the call of the system as well",
    new PaymentError("refused"),
    { syscall: "connect" },
  ],
])("a code of the system is proof in %s", (_whose, error, fields) => {
  const judgement = classify(Object.assign(error, fields));
  expect(judgement).toMatchObject({ category: "connection_refused", neverStarted: true });
});
