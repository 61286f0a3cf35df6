/** The server for repositories against those who mean it no good. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { RestLocation } from "../../src/platform/locations/rest/index.ts";
import {
  openVaultServer,
  passwordLine,
  passwordRecord,
  readPasswordLines,
  type VaultServerOptions,
} from "../../src/platform/vault-server/index.ts";
import { realClock } from "../../src/system/index.ts";
import { fileKinds, folderOfKind } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { testAuthority } from "../conformance/certificates.ts";
import { never, sample } from "../conformance/location-scene.ts";
import { until } from "../until.ts";

interface Scene {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly usedBytes: () => number;
  readonly notices: string[];
}

async function serving(options: Partial<VaultServerOptions> = {}): Promise<Scene> {
  const folder = temporaryFolder("vault-server");
  const notices: string[] = [];
  const server = await openVaultServer({
    folder,
    clock: realClock,
    onNotice: ({ method, status, reason }) => notices.push(`${method} ${status} ${reason}`),
    ...options,
  });
  afterwards(() => server[Symbol.asyncDispose]());
  const { url, usedBytes } = server;
  return { folder, url, port: Number(new URL(url).port), usedBytes, notices };
}

async function prepared(options: Partial<VaultServerOptions> = {}): Promise<Scene> {
  const scene = await serving(options);
  expect((await fetch(`${scene.url}?create=true`, { method: "POST" })).status).toBe(200);
  return scene;
}

interface Asked {
  readonly method?: string;
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
}

/** As it is written: `fetch` would tidy the path. */
async function ask(port: number, path: string, { method = "GET", body, headers = {} }: Asked = {}) {
  const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, "response")) as [import("node:http").IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

function rawConnection(port: number): {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
} {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  const { promise: closed, resolve } = Promise.withResolvers<unknown>();
  socket.once("close", resolve);
  afterwards(() => socket.destroy());
  return { socket: socket.resume(), closed };
}

const someId = "ab".repeat(32);

test("no way leads out of the folder", async () => {
  const { folder, port } = await prepared();
  const outside = temporaryFolder("outside");
  writeFileSync(join(outside, someId), "secret");
  writeFileSync(join(outside, "config"), "secret");
  symlinkSync(outside, join(folder, "linked"));
  symlinkSync(join(outside, someId), join(folder, "keys", someId));
  symlinkSync(outside, join(folder, "data", "ab"));
  const paths = [
    "/../config",
    "/%2e%2e/config",
    "/..%2fconfig",
    "/a/../../config",
    `/keys/../keys/${someId}`,
    `/keys/..%2f${someId}`,
    "//config",
    "/./config",
    "/linked/config",
    "/.hidden/config",
    "/a%00/config",
    "/keys/keys/config",
    `/keys/${someId}`,
    `/data/${someId}`,
    `/data/ab/${someId}`,
    `/keys/${someId.slice(1)}`,
    `/keys/${someId}0`,
    `/keys/${someId.toUpperCase()}`,
    `/config/${someId}`,
    "/etc/passwd",
    `/${"a/".repeat(9)}config`,
    `/${"a".repeat(2000)}/config`,
  ];
  for (const path of paths) {
    for (const method of ["GET", "HEAD", "DELETE"]) {
      const { status, body } = await ask(port, path, { method });
      expect([400, 404], `${method} ${path}`).toContain(status);
      expect(body).not.toContain("secret");
    }
    const { status } = await ask(port, path, { method: "POST", body: Buffer.from("x") });
    expect([400, 404], `POST ${path}`).toContain(status);
  }
  expect(readFileSync(join(outside, someId), "utf8")).toBe("secret");
  expect(readdirSync(outside).toSorted()).toEqual([someId, "config"].toSorted());
  expect((await ask(port, "/../?create=true", { method: "POST" })).status).toBe(404);
  expect((await ask(port, "/keys/")).body).toBe("[]");
});

test("content that is not what its name says is refused, and leaves nothing", async () => {
  const { folder, port, usedBytes } = await prepared();
  const { file, bytes } = sample("pack", 1, 300_000);
  const bad = await ask(port, `/data/${someId}`, { method: "POST", body: bytes });
  expect(bad.status).toBe(400);
  expect(readdirSync(join(folder, "data", "ab"))).toEqual([]);
  expect(usedBytes()).toBe(0);
  const good = await ask(port, `/data/${file.id}`, { method: "POST", body: bytes });
  expect(good.status).toBe(200);
  const path = join(folder, "data", file.id.slice(0, 2), file.id);
  expect(statSync(path).mode & 0o777).toBe(0o400);
  expect(usedBytes()).toBe(bytes.length);
});

test("two uploads of one name at once both succeed, and count once", async () => {
  const { folder, port, usedBytes } = await prepared();
  const { file, bytes } = sample("index", 1, 2_000_000);
  const upload = () => ask(port, `/index/${file.id}`, { method: "POST", body: bytes });
  const answers = await Promise.all([upload(), upload(), upload(), upload()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(readdirSync(join(folder, "index"))).toEqual([file.id]);
  expect(usedBytes()).toBe(bytes.length);
  const configs = await Promise.all(
    [1, 2, 3].map((number) =>
      ask(port, "/config", { method: "POST", body: sample("config", number).bytes }),
    ),
  );
  expect(configs.map(({ status }) => status).toSorted((a = 0, b = 0) => a - b)).toEqual([
    200, 403, 403,
  ]);
});

test("what is stored is never replaced, not even when it was damaged", async () => {
  const { folder, port } = await prepared();
  const { file, bytes } = sample("snapshot", 1);
  await ask(port, `/snapshots/${file.id}`, { method: "POST", body: bytes });
  truncateSync(join(folder, "snapshots", file.id), 10);
  const again = await ask(port, `/snapshots/${file.id}`, { method: "POST", body: bytes });
  expect(again.status).toBe(200);
  expect(statSync(join(folder, "snapshots", file.id)).size).toBe(10);
});

test("append-only: nothing but a lock is removed, of whatever kind (A2)", async () => {
  for (const isAppendOnly of [true, false]) {
    const { port } = await prepared({ isAppendOnly });
    for (const kind of fileKinds) {
      const { file, bytes } = sample(kind, 1);
      const path = kind === "config" ? "/config" : `/${folderOfKind(kind)}/${file.id}`;
      expect((await ask(port, path, { method: "POST", body: bytes })).status).toBe(200);
      const stays = isAppendOnly && kind !== "lock";
      expect((await ask(port, path, { method: "DELETE" })).status).toBe(stays ? 403 : 200);
      expect((await ask(port, path)).status).toBe(stays ? 200 : 404);
    }
  }
});

test("a quota is kept while bytes arrive, and is free again after a removal", async () => {
  const { folder, port, usedBytes } = await prepared({
    maxBytes: 1_000_000,
    maxFileBytes: 900_000,
  });
  const first = sample("pack", 1, 700_000);
  const second = sample("pack", 2, 700_000);
  const send = ({ file, bytes }: typeof first, headers: Record<string, string> = {}) =>
    ask(port, `/data/${file.id}`, { method: "POST", body: bytes, headers });
  expect((await send(first)).status).toBe(200);
  expect((await send(second)).status).toBe(507);
  const chunked = { "transfer-encoding": "chunked" };
  expect((await send(second, chunked)).status).toBe(507);
  expect((await send(sample("pack", 3, 950_000))).status).toBe(413);
  expect(usedBytes()).toBe(700_000);
  expect(readdirSync(join(folder, "data"), { recursive: true }).join()).not.toContain("tmp");
  const gone = await ask(port, `/data/${first.file.id}`, { method: "DELETE" });
  expect(gone.status).toBe(200);
  expect((await send(second, chunked)).status).toBe(200);
  expect(usedBytes()).toBe(700_000);
});

test("an upload without an end, one that is cut and one that says nothing leave nothing", async () => {
  const { folder, port } = await prepared({ maxFileBytes: 500_000, limits: { idleMs: 300 } });
  const head = (length: string): string =>
    `POST /data/${someId} HTTP/1.1\r\nhost: x\r\n${length}\r\n\r\n`;
  const endless = rawConnection(port);
  endless.socket.write(head("transfer-encoding: chunked"));
  const chunk = Buffer.concat([
    Buffer.from("10000\r\n"),
    Buffer.alloc(0x10000),
    Buffer.from("\r\n"),
  ]);
  const timer = setInterval(() => void endless.socket.write(chunk), 1);
  afterwards(() => clearInterval(timer));
  const silent = rawConnection(port);
  silent.socket.write(`${head("content-length: 400000")}a little`);
  const cut = rawConnection(port);
  cut.socket.write(`${head("content-length: 400000")}a little more`);
  const uploads = (): number => readdirSync(join(folder, "data"), { recursive: true }).length;
  await until(() => uploads() > 1);
  cut.socket.destroy();
  await Promise.all([endless.closed, silent.closed, cut.closed]);
  // The folder of two digits is what stays.
  await until(() => uploads() === 1);
});

test("headers that are huge, or never complete, end the connection", async () => {
  const { port } = await prepared({ limits: { headersMs: 200, idleMs: 30_000 } });
  const huge = rawConnection(port);
  const said: Buffer[] = [];
  huge.socket.on("data", (bytes) => void said.push(bytes));
  huge.socket.write(`GET /config HTTP/1.1\r\nhost: x\r\nx-huge: ${"a".repeat(9000)}\r\n\r\n`);
  await huge.closed;
  // Its answer may be lost with the connection.
  expect(Buffer.concat(said).toString()).toMatch(/^(?:$|HTTP\/1\.1 431 )/);
  const slow = rawConnection(port);
  slow.socket.write("GET /config HTTP/1.1\r\nhost: x\r\n");
  const timer = setInterval(() => void slow.socket.write("x-more: 1\r\n"), 20);
  afterwards(() => clearInterval(timer));
  await slow.closed;
});

test("who is not let in sees nothing and leaves nothing", async () => {
  const record = await passwordRecord("alice", "right", randomBytes(16));
  const bob = await passwordRecord("bob", "his", randomBytes(16));
  const file = readPasswordLines(`# users\n${[record, bob].map(passwordLine).join("\n")}\n`);
  if (!file.ok) throw new Error(file.error);
  const { folder, port, notices } = await serving({ users: file.value, arePrivate: true });
  const create = (path: string, headers?: Record<string, string>) =>
    ask(port, `${path}?create=true`, { method: "POST", ...(headers && { headers }) });
  for (const headers of [
    undefined,
    basic("alice", "wrong"),
    basic("alice", ""),
    basic("alice", "right "),
    basic("nobody", "right"),
    basic("", ""),
    { authorization: "Bearer right" },
    { authorization: "Basic" },
    { authorization: `Basic ${Buffer.from("alice").toString("base64")}` },
  ]) {
    const answer = await create("/alice/", headers);
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toContain("Basic");
  }
  expect(readdirSync(folder)).toEqual([]);
  expect(notices.every((each) => each.startsWith("POST 401"))).toBe(true);
  expect((await create("/alice/", basic("alice", "right"))).status).toBe(200);
  expect((await create("/", basic("alice", "right"))).status).toBe(403);
  expect((await create("/bob/", basic("alice", "right"))).status).toBe(403);
  expect((await ask(port, "/alice/keys/", { headers: basic("bob", "his") })).status).toBe(403);
  expect(readdirSync(folder)).toEqual(["alice"]);
});

test("an unknown user costs a scrypt as well, and known ones cost one only", async () => {
  const users = [await passwordRecord("alice", "right", randomBytes(16))];
  const { port } = await serving({ users });
  const usage = async (headers: Record<string, string>, times: number): Promise<number> => {
    const before = process.cpuUsage();
    for (let time = 0; time < times; time += 1) await ask(port, "/config", { headers });
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await usage(basic("alice", "right"), 5);
  const known = await usage(basic("alice", "right"), 10);
  const wrong = await usage(basic("alice", "wrong"), 10);
  const unknown = await usage(basic("nobody", "wrong"), 10);
  expect(wrong).toBeGreaterThan(known * 2);
  expect(unknown).toBeGreaterThan(wrong / 3);
});

test("a flood of logins is answered with 429, and whoever is known still gets through", async () => {
  const users = [await passwordRecord("alice", "right", randomBytes(16))];
  const { port } = await serving({ users });
  expect((await ask(port, "/config", { headers: basic("alice", "right") })).status).toBe(404);
  const flood = Array.from({ length: 80 }, (_, number) =>
    ask(port, "/config", { headers: basic("alice", `guess ${number}`) }),
  );
  expect((await ask(port, "/config", { headers: basic("alice", "right") })).status).toBe(404);
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
});

test("what is open by mistake does not start", async () => {
  const folder = temporaryFolder("vault-server");
  const wrong = { code: "OPTIONS_INVALID" };
  const clock = realClock;
  await expect(openVaultServer({ folder, clock, host: "0.0.0.0" })).rejects.toMatchObject(wrong);
  await expect(openVaultServer({ folder, clock, arePrivate: true })).rejects.toMatchObject(wrong);
  const missing = join(folder, "missing");
  await expect(openVaultServer({ folder: missing, clock })).rejects.toMatchObject(wrong);
  expect(existsSync(missing)).toBe(false);
});

test("what died with an upload long ago is removed at the start, and the rest counts", async () => {
  const folder = temporaryFolder("vault-server");
  mkdirSync(join(folder, "r/data/ab"), { recursive: true });
  const [old, fresh] = ["0", "1"].map((digit) => `r/data/ab/${someId}-tmp-${digit.repeat(16)}`) as [
    string,
    string,
  ];
  for (const name of [old, fresh, "r/config", "stranger-tmp-1"]) {
    writeFileSync(join(folder, name), "12345");
  }
  utimesSync(join(folder, old), 0, 0);
  utimesSync(join(folder, "stranger-tmp-1"), 0, 0);
  const { usedBytes } = await serving({ folder });
  expect(existsSync(join(folder, old))).toBe(false);
  expect(usedBytes()).toBe(15);
});

test("both versions of the protocol list, and ranges are as asked for", async () => {
  const { port } = await prepared();
  const { file, bytes } = sample("lock", 1, 1000);
  await ask(port, `/locks/${file.id}`, { method: "POST", body: bytes });
  const first = await ask(port, "/locks/");
  expect(JSON.parse(first.body)).toEqual([file.id]);
  const accept = "application/vnd.x.restic.rest.v2";
  const second = await ask(port, "/locks/", { headers: { accept } });
  expect(second.headers["content-type"]).toBe(accept);
  expect(JSON.parse(second.body)).toEqual([{ name: file.id, size: 1000 }]);
  const path = `/locks/${file.id}`;
  const rest = await ask(port, path, { headers: { range: "bytes=990-" } });
  expect([rest.status, rest.headers["content-range"]]).toEqual([206, "bytes 990-999/1000"]);
  for (const range of ["bytes=1000-", "bytes=5-4", "bytes=-5", "bytes=0-1,4-5", "lines=1-2"]) {
    expect((await ask(port, path, { headers: { range } })).status).toBe(416);
  }
  expect((await ask(port, "/", { method: "DELETE" })).status).toBe(501);
  expect((await ask(port, path, { method: "PUT" })).status).toBe(405);
});

test("over TLS with an authority of its own, and with none of those it does not know", async () => {
  const authority = testAuthority(temporaryFolder("authority"));
  const { key, cert } = authority.issue("IP:127.0.0.1", 2);
  const users = [await passwordRecord("alice", "r:ght", randomBytes(16))];
  const { url } = await serving({ tls: { key, certificate: cert }, users });
  const address = { kind: "rest", url } as const;
  const login = { user: "alice", password: "r:ght" };
  await using trusting = new RestLocation({ address, ...login, authority: authority.pem });
  await using careful = new RestLocation({ address, ...login });
  await using stranger = new RestLocation({
    address: { ...address, user: "alice", password: "wrong" },
    authority: authority.pem,
  });
  await trusting.prepare(never);
  const { file, bytes } = sample("pack", 1, 3_000_000);
  await trusting.put(file, [bytes], never);
  expect(
    createHash("sha256")
      .update(await trusting.get(file, never))
      .digest("hex"),
  ).toBe(file.id);
  const denied = { name: "LocationFault", kind: "denied" };
  await expect(careful.stat(file, never)).rejects.toMatchObject(denied);
  await expect(
    stranger.put(sample("pack", 2, 3_000_000).file, [bytes], never),
  ).rejects.toMatchObject(denied);
});
