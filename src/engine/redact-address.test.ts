import { expect, test } from "vitest";
import { redactAddress } from "./redact-address.ts";

test.each([
  ["http://user:s3cret@db:8080/health", "http://***@db:8080/health"],
  ["http://s3cret@db/health", "http://***@db/health"],
  ["http://user:p@ss@db/health", "http://***@db/health"],
  ["https://db/health?t=s3cret&b=1#s3cret", "https://db/health?***"],
  ["https://db?s3cret", "https://db?***"],
  ["/health?t=s3cret", "/health?***"],
  ["https://db/#s3cret?s3cret", "https://db/"],
  ["https://db/ping/Zq8Xw7Vt6Us5Rp4Nm3", "https://db/ping/***"],
  ["https://db/ping/0123456789abcdef0123456789abcdef/live", "https://db/ping/***/live"],
  ["https://db/ping/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "https://db/ping/***"],
  ["https://db/api/v1/health-checks/payment-service-2", undefined],
  ["http://[::1]:80/internationalization", undefined],
  ["/health", undefined],
  ["custom", undefined],
  ["", undefined],
])("%s is shown without what may be secret", (address, shown) => {
  expect(redactAddress(address)).toBe(shown ?? address);
});
