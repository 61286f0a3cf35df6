import { expect, it } from "vitest";
import { identityOfAddress, nameOfAddress, parseLocationAddress } from "./location-address.ts";

const base = { folder: "/srv/fleet", home: "/srv/home" };

function read(text: string): ReturnType<typeof parseLocationAddress> {
  return parseLocationAddress(text, base);
}

function nameOf(text: string): string {
  const found = read(text);
  return found.ok ? nameOfAddress(found.value) : found.error.message;
}

it.each([
  ["file:/srv/vault-a", { kind: "file", folder: "/srv/vault-a" }],
  ["file:///srv/vault-a/", { kind: "file", folder: "/srv/vault-a" }],
  ["file:../vault", { kind: "file", folder: "/srv/vault" }],
  ["./a/../b", { kind: "file", folder: "/srv/fleet/b" }],
  ["~/vault", { kind: "file", folder: "/srv/home/vault" }],
  ["file:~", { kind: "file", folder: "/srv/home" }],
  ["sftp://backup@host/vault-c", { kind: "sftp", host: "host", user: "backup", path: "vault-c" }],
  ["sftp://host:2222//srv/v%20c", { kind: "sftp", host: "host", port: 2222, path: "/srv/v c" }],
  ["sftp://[::1]:22//v", { kind: "sftp", host: "::1", port: 22, path: "/v" }],
  ["sftp:me@host:/srv/v", { kind: "sftp", host: "host", user: "me", path: "/srv/v" }],
  ["sftp:host:v", { kind: "sftp", host: "host", path: "v" }],
  ["s3://bucket/vault-d", { kind: "s3", bucket: "bucket", prefix: "vault-d" }],
  ["s3://bucket", { kind: "s3", bucket: "bucket", prefix: "" }],
  [
    "s3://bucket/a//b/?endpoint=http://127.0.0.1:9000/&region=eu-west-1",
    {
      kind: "s3",
      bucket: "bucket",
      prefix: "a/b",
      endpoint: "http://127.0.0.1:9000",
      region: "eu-west-1",
    },
  ],
  [
    "s3:s3.example/bucket/v",
    { kind: "s3", bucket: "bucket", prefix: "v", endpoint: "https://s3.example" },
  ],
  [
    "s3:http://127.0.0.1:9000/bucket",
    { kind: "s3", bucket: "bucket", prefix: "", endpoint: "http://127.0.0.1:9000" },
  ],
  [
    "rest:https://me:p%40ss@host:8000/v",
    { kind: "rest", url: "https://host:8000/v/", user: "me", password: "p@ss" },
  ],
  ["rest:http://host", { kind: "rest", url: "http://host/" }],
])("reads %s", (text, address) => {
  expect(read(text)).toEqual({ ok: true, value: address });
});

it.each([
  ["", "the address names no folder"],
  ["file:", "the address names no folder"],
  ["~other/vault", "the home of another user (~other) is not looked up"],
  ["ftp://host/v", '"ftp:" is no kind of location'],
  ["sftp://me:secret@host/v", "an SFTP location takes no password"],
  ["sftp://host", "the address names no folder at the host"],
  ["sftp://host:99999/v", '"99999" is no port'],
  ["sftp://-oProxyCommand=touch/v", "the address names no host"],
  ["sftp:-oProxyCommand=touch:v", "the address names no host"],
  ["sftp://host/%zz", "the address has a % that begins no two digits"],
  ["s3://b/v", '"b" cannot be the name of a bucket'],
  ["s3://bucket/v?acl=public", '"acl" is no option of s3'],
  ["s3://bucket/v?endpoint=ftp://x", "the endpoint of the address is not http(s)://HOST:PORT"],
  ["rest:host/v", "the address is not rest:http(s)://HOST:PORT/PATH"],
  ["a\0b", "the address holds a control character"],
  ["x".repeat(5000), "the address is too long"],
])("refuses %s", (text, message) => {
  expect(read(text)).toMatchObject({ ok: false, error: { message } });
});

it("needs a HOME for ~", () => {
  expect(parseLocationAddress("~/v", { folder: "/" })).toMatchObject({ ok: false });
});

it.each([
  ["file:../v", "file:/srv/v"],
  ["sftp:me@host:/srv/v", "sftp://me@host//srv/v"],
  ["sftp://host:22/v", "sftp://host:22/v"],
  ["s3:http://localhost:9000/bucket/v", "s3:http://localhost:9000/bucket/v"],
  ["s3://bucket/v", "s3://bucket/v"],
  ["rest:https://me:secret@host/v", "rest:https://host/v/"],
])("A2: names %s without what is secret, so that it can be read again", (text, name) => {
  expect(nameOf(text)).toBe(name);
  expect(nameOf(name)).toBe(name);
});

it.each([
  ["file:/srv/vault", "../vault/"],
  ["sftp://host//srv/v", "sftp:me@HOST:/srv/v/"],
  ["sftp://host:22/v", "sftp:host:v"],
  ["rest:https://a:b@HOST/v", "rest:https://host/v/"],
])("A3: %s and %s are one place", (one, other) => {
  expect(identity(one)).toBe(identity(other));
});

it("A3: a relative path at another user's login is another place", () => {
  expect(identity("sftp://a@host/v")).not.toBe(identity("sftp://b@host/v"));
});

function identity(text: string): string {
  const found = read(text);
  return found.ok ? identityOfAddress(found.value) : found.error.message;
}
