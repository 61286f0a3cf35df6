/**
 * The server's half of AWS signature version 4: does who asks know the secret, and of these bytes?
 */
import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { S3Error } from "./s3-error.ts";

export interface KnownKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

export interface SignedHead {
  readonly method: string;
  /** As it came, with its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

interface Signature {
  readonly scope: string;
  readonly key: Buffer;
  readonly stamp: string;
  readonly given: string;
}

const skewMaxMs = 15 * 60_000;
const emptyHash = createHash("sha256").digest("hex");

/** The body as it was meant; throws what a store answers to a wrong signature. */
export function verifiedBody(head: SignedHead, body: Buffer, known: KnownKey): Buffer {
  const signature = verifyHead(head, known);
  const said = String(head.headers["x-amz-content-sha256"] ?? "");
  if (said.startsWith("STREAMING-")) {
    const decoded = decodeChunks(body, said.includes("AWS4-HMAC-SHA256") ? signature : undefined);
    const sizeBytes = Number(head.headers["x-amz-decoded-content-length"]);
    if (decoded.length !== sizeBytes) throw new S3Error(400, "IncompleteBody");
    return decoded;
  }
  if (said !== "UNSIGNED-PAYLOAD" && said !== hashOf(body)) {
    throw new S3Error(400, "XAmzContentSHA256Mismatch");
  }
  return body;
}

function verifyHead({ method, url, headers }: SignedHead, known: KnownKey): Signature {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/((\d{8})\/([^/]+)\/s3\/aws4_request), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const match = form.exec(headers.authorization ?? "");
  if (match === null) throw new S3Error(403, "AccessDenied");
  const [, id = "", scope = "", day = "", region = "", names = "", given = ""] = match;
  if (id !== known.accessKeyId) throw new S3Error(403, "InvalidAccessKeyId");
  if (known.sessionToken !== headers["x-amz-security-token"])
    throw new S3Error(403, "InvalidToken");
  if (region !== known.region) {
    throw new S3Error(400, "AuthorizationHeaderMalformed", { region: known.region });
  }
  const stamp = String(headers["x-amz-date"]);
  const at = Date.parse(
    stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  if (!stamp.startsWith(day) || !(Math.abs(at - Date.now()) < skewMaxMs)) {
    throw new S3Error(403, "RequestTimeTooSkewed");
  }
  const signedNames = names.split(";");
  for (const name of Object.keys(headers)) {
    const mustBeSigned = name === "host" || name.startsWith("x-amz-");
    if (mustBeSigned && !signedNames.includes(name)) throw new S3Error(403, "AccessDenied");
  }
  const canonical = [
    method,
    ...canonicalUrl(url),
    ...signedNames.map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    names,
    String(headers["x-amz-content-sha256"]),
  ].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer>(
    hmac,
    Buffer.from(`AWS4${known.secretAccessKey}`),
  );
  const text = ["AWS4-HMAC-SHA256", stamp, scope, hashOf(canonical)].join("\n");
  if (hmac(key, text).toString("hex") !== given) throw new S3Error(403, "SignatureDoesNotMatch");
  return { scope, key, stamp, given };
}

function canonicalUrl(url: string): readonly [string, string] {
  const [path = "", query = ""] = url.split("?");
  const pairs = query
    .split("&")
    .filter(Boolean)
    .map((pair) => {
      const [name = "", value = ""] = pair.split("=");
      return `${strict(name.replaceAll("+", " "))}=${strict(value.replaceAll("+", " "))}`;
    });
  return [path.split("/").map(strict).join("/"), pairs.sort().join("&")];
}

function strict(written: string): string {
  return encodeURIComponent(decodeURIComponent(written)).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** aws-chunked: each piece with its length and, if they are signed, a signature over all before. */
function decodeChunks(body: Buffer, signature: Signature | undefined): Buffer {
  const pieces: Buffer[] = [];
  let before = signature?.given ?? "";
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    const [, size = "", given] =
      /^([0-9a-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(
        body.toString("latin1", at, Math.max(at, end)),
      ) ?? [];
    if (size === "") throw new S3Error(400, "IncompleteBody");
    const length = Number.parseInt(size, 16);
    const piece = body.subarray(end + 2, end + 2 + length);
    if (signature !== undefined) {
      const { key, scope, stamp } = signature;
      const head = ["AWS4-HMAC-SHA256-PAYLOAD", stamp, scope, before, emptyHash, hashOf(piece)];
      if (hmac(key, head.join("\n")).toString("hex") !== given) {
        throw new S3Error(403, "SignatureDoesNotMatch");
      }
      before = given;
    }
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(piece);
    at = end + 2 + length + 2;
  }
}

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
