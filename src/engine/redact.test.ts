import { expect, test } from "vitest";
import { redact } from "./redact.ts";

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

test.each([
  ["mysql://root:s3cret@db:3306/shop is away", "mysql://***@db:3306/shop is away"],
  ["postgres://app:p@ss/s3cret@db/x is away", "postgres://***@db/x is away"],
  ["redis://:s3cret#1?@cache:6379/0", "redis://***@cache:6379/0"],
  ["amqp://s3cret@queue", "amqp://***@queue"],
  ["password=s3cret host=db", "password=*** host=db"],
  ["PGPASSWORD=s3cret psql", "PGPASSWORD=*** psql"],
  ["DB_PASSWORD: s3cret", "DB_PASSWORD: ***"],
  ["dbPass=s3cret host=db", "dbPass=*** host=db"],
  ["POST /token?client_secret=s3cret&n=1", "POST /token?client_secret=***&n=1"],
  ["?access_token=s3cret&refresh_token=s3cret", "?access_token=***&refresh_token=***"],
  ["clientSecret: 's3cret', n: 1", "clientSecret: ***, n: 1"],
  ['{"apiKey": "s3cret", "n": 1}', '{"apiKey": ***, "n": 1}'],
  ['{"access_token":"s3cret \\" s3cret","n":1}', '{"access_token":***,"n":1}'],
  ['"{\\"access_token\\":\\"s3cret\\"}"', '"{\\"access_token\\":***}"'],
  ["x-api-key: s3cret", "x-api-key: ***"],
  ["Incorrect API key provided: s3cret.", "Incorrect API key provided: ***"],
  ["Authorization: Bearer s3cret", "Authorization: ***"],
  ['"authorization":"Basic s3cret=="', '"authorization":***'],
  ["Bearer abc.s3cret", "Bearer ***"],
  [`with ${jwt} refused`, "with *** refused"],
  [`id_${jwt}`, "id_***"],
  ["Cookie: sid=s3cret; theme=s3cret and more", "Cookie: *** and more"],
  ["Set-Cookie: sid=s3cret; Path=/; HttpOnly", "Set-Cookie: ***; HttpOnly"],
  ["key sk-proj-s3crets3cret is wrong", "key *** is wrong"],
  ["ghp_s3crets3cret and xoxb-s3crets3cret", "*** and ***"],
  ["key_AKIAABCDEFGHIJKLMNOP is not allowed", "key_*** is not allowed"],
  ["AWS_SECRET_ACCESS_KEY=s3cret/s3cret+s3cret", "AWS_SECRET_ACCESS_KEY=***"],
  ['"SecretAccessKey": "s3cret"', '"SecretAccessKey": ***'],
  ["the secret access key: s3cret", "the secret access key: ***"],
  ["GET /file?X-Amz-Signature=s3cret&sig=s3cret", "GET /file?X-Amz-Signature=***&sig=***"],
  ["Command failed: db --password s3cret -h db", "Command failed: db --password *** -h db"],
  ["-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY----- is old", "*** is old"],
])("a secret is taken out: %s", (text, shown) => {
  expect(redact(text)).toBe(shown);
});

test.each([
  "password authentication failed for user",
  "the password is wrong",
  "token expired",
  "jwt: token expired, log in again",
  "invalid token: expired",
  "password: missing",
  "Bearer token expired",
  "Basic auth failed, Basic Auth is required",
  "Unexpected token } in JSON at position 4",
  "4096 tokens: max_tokens=100, total_tokens: 3",
  "bypass: on, compass=north, author: Mae, inside: x",
  'violates unique constraint "pk_customers_orders"',
  "a task-force-of-many and risk-assessment",
  "connect ECONNREFUSED 127.0.0.1:5432",
  "GET http://shop:8080/mail?to=a@example.org answered 500",
  "https://example.org/a:b/c answered 404",
  "Cookie: missing",
  "the secret of success, secretary: yes",
  "no key for 5: keys: 3, monkey=1",
])("what is no secret stays as it is: %s", (text) => {
  expect(redact(text)).toBe(text);
});

test("a text without an end is cut off, and half a secret at the cut is not shown", () => {
  expect(redact("x".repeat(100_000)).length).toBeLessThan(600);
  for (let before = 440; before < 500; before += 1) {
    const text = `${"x ".repeat(before / 2)}postgres://app:s3cret${"t".repeat(80)}@db/x`;
    expect(redact(text)).not.toContain("s3c");
    const longer = `${"password=p ".repeat(340)}${"y".repeat(before - 300)} s3=${text}`;
    expect(redact(longer)).not.toContain("s3c");
  }
});
