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

test("half a secret is masked where an excerpt was cut off", () => {
  const secrets = ["s3cr3t-t0ken"];
  expect(maskSecrets("500: with s3cr3t-t0...", secrets)).toBe("500: with ***...");
  expect(maskSecrets("500: with s3cr3t-t0ken...", secrets)).toBe("500: with ***...");
  expect(maskSecrets("500: with s...", secrets)).toBe("500: with s...");
});
