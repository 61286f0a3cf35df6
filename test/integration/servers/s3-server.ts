/**
 * A store of objects that speaks S3 and is strict about it: signatures are verified, of headers and
 * of bodies, pages of lists are short, and it fails on demand in the ways that stores do.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type S3Answer, S3Bucket, type S3BucketOptions, type S3Request } from "./s3-bucket.ts";
import { S3Error } from "./s3-error.ts";
import { type KnownKey, verifiedBody } from "./s3-signature.ts";

export interface S3Server extends AsyncDisposable {
  readonly port: number;
  readonly key: KnownKey;
  /** The buckets that are there; a test may take one away. */
  readonly buckets: Map<string, S3Bucket>;
  /** What was asked, as `METHOD bucket/key`. */
  readonly asked: string[];
  /** Thrown for each request while it is set; `cut`: the connection is reset in the answer. */
  fault: S3Error | "cut" | undefined;
  /** From now on this key is expected. */
  expect(key: KnownKey): void;
}

export interface S3ServerOptions extends Partial<S3BucketOptions> {
  readonly key?: KnownKey;
}

export const testKey: KnownKey = {
  accessKeyId: "TESTKEY",
  secretAccessKey: "a secret of nobody/+=",
  region: "us-east-1",
};

export async function startS3Server({
  key = testKey,
  maxKeys = 1000,
  isLocked = () => false,
  conditions = "kept",
}: S3ServerOptions = {}): Promise<S3Server> {
  let known = key;
  const http = createServer({ maxHeaderSize: 16 * 1024 });
  const buckets = new Map([["vault", new S3Bucket({ maxKeys, isLocked, conditions })]]);
  http.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void (async () => {
      const answer = await answerTo(request, { server, known });
      if (answer === "cut") {
        response.writeHead(200, { "content-length": 1000 }).write("half");
        request.socket.resetAndDestroy();
        return;
      }
      const { status, headers = {}, body = "" } = answer;
      const sizeBytes = Buffer.byteLength(body);
      response.writeHead(status, { "content-length": sizeBytes, ...headers });
      response.end(request.method === "HEAD" ? undefined : body);
    })();
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const server: S3Server = {
    port: (http.address() as AddressInfo).port,
    key,
    buckets,
    asked: [],
    fault: undefined,
    expect: (next) => void (known = next),
    async [Symbol.asyncDispose]() {
      const gone = once(http, "close");
      http.close();
      http.closeAllConnections();
      await gone;
    },
  };
  return server;
}

interface World {
  readonly server: S3Server;
  readonly known: KnownKey;
}

async function answerTo(
  request: IncomingMessage,
  { server, known }: World,
): Promise<S3Answer | "cut"> {
  try {
    const { method = "", url = "", headers } = request;
    // Read first: an error before the end of a body would be lost with the connection.
    const sent = await bodyOf(request);
    const { bucket, key, query } = addressed(url, headers.host ?? "");
    server.asked.push(`${method} ${bucket}/${key}`);
    if (server.fault === "cut") return "cut";
    if (server.fault !== undefined) throw server.fault;
    const body = verifiedBody({ method, url, headers }, sent, known);
    const found = server.buckets.get(bucket);
    if (found === undefined) throw new S3Error(404, "NoSuchBucket");
    const asked: S3Request = { method, key, query, headers, body };
    return found.answer(asked);
  } catch (error) {
    const { status, headers, xml } =
      error instanceof S3Error ? error : new S3Error(500, "InternalError");
    return { status, headers: { ...headers, "content-type": "application/xml" }, body: xml };
  }
}

/** Both styles: the bucket is the first part of the path, or stands before `s3.` in the host. */
function addressed(
  url: string,
  host: string,
): { readonly bucket: string; readonly key: string; readonly query: URLSearchParams } {
  const [path = "", search = ""] = url.split("?");
  const query = new URLSearchParams(search);
  const ahead = /^(.+)\.(?:s3\.[a-z.]+|localhost)(?::\d+)?$/.exec(host)?.[1];
  const parts = path.slice(1).split("/").map(decodeURIComponent);
  const bucket = ahead ?? parts.shift() ?? "";
  return { bucket, key: parts.join("/"), query };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
