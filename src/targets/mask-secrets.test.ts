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
