import { expect, test } from "vitest";
import { entryOf } from "./engine-log.ts";

test("what is told of an error has no secrets and no end of text (G2)", () => {
  const error = Object.assign(
    new Error(`postgres://app:hunter2@db:5432/shop is away ${"x".repeat(5000)}`),
    { config: { headers: { authorization: "Bearer s3cret" } } },
  );
  const told = [error, { config: error.config }, "token=s3cret"].map((thrown) =>
    entryOf(
      "service_error",
      { operation: "db.find", category: "unknown", error: thrown, attempts: 1 },
      0,
    ),
  );
  const text = JSON.stringify(told);
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain("s3cret");
  expect(text).toContain("is away");
  expect(text.length).toBeLessThan(10_000);
});
