/**
 * The bucket's location against what stores of objects do, and how strict the one of the tests is.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { AwsV4Signer } from "aws4fetch";
import { expect, test } from "vitest";
import { S3Location, type S3LocationOptions } from "../../src/platform/locations/s3/index.ts";
import { realClock } from "../../src/system/index.ts";
import { listed, never, sample } from "../conformance/location-scene.ts";
import { S3Error } from "./servers/s3-error.ts";
import { type S3Server, startS3Server, testKey } from "./servers/s3-server.ts";

function locationAt(server: S3Server, options: Partial<S3LocationOptions> = {}): S3Location {
  const endpoint = `http://127.0.0.1:${server.port}`;
  return new S3Location({
    address: { kind: "s3", bucket: "vault", prefix: "", endpoint },
    clock: realClock,
    credentials: () => testKey,
    ...options,
  });
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly host?: string;
}

/** A request as a client would sign it. */
async function signed(server: S3Server, { method, path, body = "", headers, host }: Sent) {
  const signer = new AwsV4Signer({
    ...testKey,
    service: "s3",
    method,
    url: `http://${host ?? "127.0.0.1"}:${server.port}${path}`,
    headers: {
      "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
      ...headers,
    },
  });
  const { url, headers: all } = await signer.sign();
  return { url, body, method, headers: { ...Object.fromEntries(all), host: url.host } };
}

async function send(
  server: S3Server,
  { url, body, method, headers }: Awaited<ReturnType<typeof signed>>,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const path = url.pathname + url.search;
  const where = { host: "127.0.0.1", port: server.port, path, method, headers, agent: false };
  const request = httpRequest(where).end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

test("the store of the tests takes nothing that is not signed as it is", async () => {
  await using server = await startS3Server();
  const sent = await signed(server, { method: "PUT", path: "/vault/key", body: "content" });
  expect((await send(server, sent)).status).toBe(200);
  const refused = async (change: Partial<typeof sent>, code: string): Promise<void> => {
    expect((await send(server, { ...sent, ...change })).body).toContain(`<Code>${code}</Code>`);
  };
  await refused({ body: "CONTENT" }, "XAmzContentSHA256Mismatch");
  await refused({ method: "DELETE", body: "" }, "SignatureDoesNotMatch");
  await refused({ url: new URL(`${sent.url.href}?acl=1`) }, "SignatureDoesNotMatch");
  await refused({ url: new URL(`${sent.url.href}2`) }, "SignatureDoesNotMatch");
  const having = (more: Record<string, string>) => ({ headers: { ...sent.headers, ...more } });
  await refused(having({ "x-amz-acl": "public-read" }), "AccessDenied");
  await refused(having({ "x-amz-date": "20200101T000000Z" }), "RequestTimeTooSkewed");
  await refused(having({ authorization: "" }), "AccessDenied");
  await refused(having({ "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }), "SignatureDoesNotMatch");
  expect(server.buckets.get("vault")?.objects.get("key")?.bytes.toString()).toBe("content");
});

test("the store of the tests knows the host style, unsigned payloads and uploads in parts", async () => {
  await using server = await startS3Server();
  const ask = async (sent: Sent) => send(server, await signed(server, sent));
  const host = "vault.localhost";
  const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  expect((await ask({ method: "PUT", path: "/a%20key", body: "1", headers, host })).status).toBe(
    200,
  );
  const begun = await ask({ method: "POST", path: "/big?uploads=", host });
  const id = /<UploadId>([^<]+)</.exec(begun.body)?.[1] ?? "";
  for (const number of [1, 2]) {
    const path = `/big?partNumber=${number}&uploadId=${id}`;
    expect((await ask({ method: "PUT", path, body: `part ${number} `, host })).status).toBe(200);
  }
  const body = "<Part><PartNumber>1</PartNumber></Part><Part><PartNumber>2</PartNumber></Part>";
  expect((await ask({ method: "POST", path: `/big?uploadId=${id}`, body, host })).status).toBe(200);
  expect((await ask({ method: "GET", path: "/big", host })).body).toBe("part 1 part 2 ");
  expect((await ask({ method: "DELETE", path: `/big?uploadId=${id}`, host })).status).toBe(404);
  const gone = "<Delete><Object><Key>big</Key></Object><Object><Key>a key</Key></Object></Delete>";
  expect((await ask({ method: "POST", path: "/?delete=", body: gone, host })).status).toBe(200);
  expect(server.buckets.get("vault")?.objects.size).toBe(0);
});

test("S3: stores that refuse or ignore conditions keep the first config all the same", async () => {
  for (const conditions of ["kept", "refused", "ignored"] as const) {
    await using server = await startS3Server({ conditions });
    await using location = locationAt(server);
    for (const kind of ["config", "index"] as const) {
      const { file, bytes } = sample(kind, 1);
      await location.put(file, [bytes], never);
      const again = location.put(file, [bytes], never);
      if (kind === "config") await expect(again).rejects.toMatchObject({ kind: "exists" });
      else await again;
      expect(await location.get(file, never)).toEqual(bytes);
    }
  }
});

test("S2: bytes that were changed on the way back are noticed", async () => {
  await using server = await startS3Server();
  await using location = locationAt(server);
  const { file, bytes } = sample("snapshot", 1);
  await location.put(file, [bytes], never);
  const objects = server.buckets.get("vault")?.objects;
  for (const [key, object] of objects ?? []) {
    objects?.set(key, { ...object, bytes: Buffer.alloc(object.bytes.length) });
  }
  await expect(location.get(file, never)).rejects.toMatchObject({ kind: "away" });
});

test("a bucket under retention takes files, and gives none of them up but locks", async () => {
  await using server = await startS3Server({ isLocked: (key) => !key.startsWith("locks/") });
  const [pack, lock] = [sample("pack", 1), sample("lock", 1)];
  await using unaware = locationAt(server);
  await using aware = locationAt(server, { isAppendOnly: true });
  for (const { file, bytes } of [pack, lock]) await unaware.put(file, [bytes], never);
  await expect(unaware.remove(pack.file, never)).rejects.toMatchObject({ kind: "denied" });
  const before = server.asked.length;
  await expect(aware.remove(pack.file, never)).rejects.toMatchObject({ kind: "read-only" });
  expect(server.asked).toHaveLength(before);
  await aware.remove(lock.file, never);
  expect(await listed(aware, "lock")).toEqual([]);
  expect(await listed(aware, "pack")).toHaveLength(1);
});

test("what a store says becomes the fault that it is", async () => {
  await using server = await startS3Server();
  await using location = locationAt(server, { idleMs: 2000 });
  const { file } = sample("pack", 1);
  const cases = [
    [
      new S3Error(503, "SlowDown", { retryAfterSeconds: 7 }),
      { kind: "throttled", retryAfterMs: 7000 },
    ],
    [new S3Error(429, "TooManyRequests"), { kind: "throttled", retryAfterMs: undefined }],
    [new S3Error(500, "InternalError"), { kind: "away" }],
    [new S3Error(400, "RequestTimeout"), { kind: "away" }],
    [new S3Error(403, "QuotaExceeded"), { kind: "full" }],
    [new S3Error(403, "AccessDenied"), { kind: "denied" }],
    [new S3Error(400, "ExpiredToken"), { kind: "denied" }],
    [new S3Error(400, "InvalidArgument"), { kind: "strange" }],
    ["cut", { kind: "away" }],
  ] as const;
  for (const [fault, expected] of cases) {
    server.fault = fault;
    await expect(location.get(file, never)).rejects.toMatchObject(expected);
  }
  server.fault = new S3Error(301, "PermanentRedirect", { region: "eu-west-9" });
  await expect(location.prepare(never)).rejects.toMatchObject({
    kind: "denied",
    message: expect.stringContaining("?region=eu-west-9") as string,
  });
});

test("another region, a lent key and a wrong one are told apart", async () => {
  await using server = await startS3Server();
  await using location = locationAt(server);
  server.expect({ ...testKey, region: "eu-north-7" });
  await expect(location.prepare(never)).rejects.toMatchObject({
    kind: "denied",
    message: expect.stringContaining("?region=eu-north-7") as string,
  });
  const lent = { ...testKey, sessionToken: "lent/for+an=hour" };
  server.expect(lent);
  await expect(location.prepare(never)).rejects.toMatchObject({ kind: "denied" });
  await using borrower = locationAt(server, { credentials: () => lent });
  await borrower.prepare(never);
});
