import { expect, test } from "vitest";
import { maskSecrets } from "./mask-secrets.ts";

test("whole values and their long words are masked, short words stay", () => {
  const secrets = ["Bearer s3cr3t-t0ken", "abc", "", "ok"];
  const text = "Bearer s3cr3t-t0ken, s3cr3t-t0ken alone, abc; the Bearer is ok";
  expect(maskSecrets(text, secrets)).toBe("***, *** alone, ***; the Bearer is ok");
});

test("the longest secret goes first, so that no rest of it is left", () => {
  expect(maskSecrets("abcdefgh", ["abc", "abcdefgh"])).toBe("***");
});

test("the password in an address is masked alone, as it is written and as it is meant (S1)", () => {
  const address = "postgres://shop:p%40ss-w%21rd@database.example:5432/orders?sslmode=require";
  const masked = (text: string): string => maskSecrets(text, [address]);
  expect(masked(`cannot open ${address}`)).toBe("cannot open ***");
  expect(masked("no login with p%40ss-w%21rd")).toBe("no login with ***");
  expect(masked("no login with p@ss-w!rd")).toBe("no login with ***");
  // Who it is about can be read.
  const reason = "postgres://shop@database.example:5432 refused the connection";
  expect(masked(reason)).toBe(reason);
  const brokers = "amqp://a:first%25@one:1,amqp://a:second@two:2";
  expect(maskSecrets("first% first%25 second at one:1", [brokers])).toBe("*** *** *** at one:1");
});

test("each line of a secret of several lines is masked (S1)", () => {
  const key = "-----BEGIN KEY-----\nab/cd/ef/gh/ij/kl\nmn/op/qr/st/uv\n-----END KEY-----\n";
  expect(maskSecrets("it said: ab/cd/ef/gh/ij/kl", [key])).toBe("it said: ***");
});

test("half a secret is masked where an excerpt was cut off", () => {
  const secrets = ["s3cr3t-t0ken"];
  expect(maskSecrets("500: with s3cr3t-t0...", secrets)).toBe("500: with ***...");
  expect(maskSecrets("500: with s3cr3t-t0ken...", secrets)).toBe("500: with ***...");
  expect(maskSecrets("500: with s...", secrets)).toBe("500: with s...");
  expect(maskSecrets("...cr3t-t0ken is wrong", secrets)).toBe("...*** is wrong");
  expect(maskSecrets("500: with hun...", ["hunter"])).toBe("500: with ***...");
});

test("beside each cut the longest half is masked, whatever else stands there (S2)", () => {
  const secret = "abcdabcd-wxyzwxyz";
  const masked = (text: string): string => maskSecrets(text, [secret]);
  expect(masked("is abcdabcd... or abcda...")).toBe("is ***... or ***...");
  expect(masked("...wxyzwxyz and ...z-wxyz, ....wxyz")).toBe("...*** and ...z-wxyz, ....***");
  expect(masked("abcd...wxyz abcd...")).toBe("***...*** ***...");
  expect(masked("...wxyzabcd...")).toBe("...******...");
  const dots = ".".repeat(99);
  expect(masked(`abcda${dots}xyzwxyz`)).toBe(`***${dots}***`);
  expect(masked("xabcd-w... abc...xyz...")).toBe("xabcd-w... abc...xyz...");
});
