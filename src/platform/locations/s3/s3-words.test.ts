import { describe, expect, test } from "vitest";
import { s3Credentials } from "./index.ts";
import { listingOf } from "./listing.ts";

const secrets = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: " secret\n" };

describe("the key of a bucket", () => {
  test("stands in the environment, under the usual names or those given", () => {
    const value = { accessKeyId: "id", secretAccessKey: "secret" };
    expect(s3Credentials(secrets)).toEqual({ ok: true, value });
    const lent = { ...secrets, AWS_SESSION_TOKEN: "token" };
    expect(s3Credentials(lent)).toEqual({ ok: true, value: { ...value, sessionToken: "token" } });
    const names = { accessKeyId: "A", secretAccessKey: "B", sessionToken: "C" };
    expect(s3Credentials({ ...secrets, A: "id", B: "secret" }, names)).toEqual({ ok: true, value });
  });

  test("is missing by the name of its variable", () => {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
      const error = `the environment has no ${name}`;
      expect(s3Credentials({ ...secrets, [name]: " " })).toEqual({ ok: false, error });
    }
  });
});

describe("a page of a list", () => {
  const page = (inside: string): string =>
    `<?xml version="1.0"?>\n<ListBucketResult xmlns="x">${inside}</ListBucketResult>\n`;
  const object = "<Contents><Key>a&amp;b&#65;&#x42;</Key><Size>12</Size></Contents>";

  test("names its objects, and says whether there is more", () => {
    const objects = [{ key: "a&bAB", sizeBytes: 12 }];
    expect(listingOf(page(object))).toEqual({ objects });
    const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    expect(listingOf(page(object + more))).toEqual({ objects, nextToken: "t" });
  });

  test("is none when a part of it is missing", () => {
    const whole = page(object);
    for (const text of [
      "",
      "<html></html>",
      whole.slice(0, -5),
      page("<Contents><Key>a</Key></Contents>"),
      page("<Contents><Key>a</Key><Size>-1</Size></Contents>"),
      page("<IsTruncated>true</IsTruncated>"),
    ]) {
      expect(listingOf(text)).toBeUndefined();
    }
  });
});
