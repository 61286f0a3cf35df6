/** Objects of one bucket in memory, and the answers to questions about them. */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { S3Error } from "./s3-error.ts";

export interface S3Object {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly sha256: string;
}

export interface S3Request {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | string;
}

export interface S3BucketOptions {
  /** Of one page of a list, whatever is asked for. */
  readonly maxKeys: number;
  /** Under retention: not removed, not replaced, and taken with a checksum only. */
  readonly isLocked: (key: string) => boolean;
  /** As stores that know no `If-None-Match`: they answer 501, or say nothing and overwrite. */
  readonly conditions: "kept" | "refused" | "ignored";
}

export class S3Bucket {
  readonly objects = new Map<string, S3Object>();
  maxBytes: number = Number.POSITIVE_INFINITY;
  readonly #uploads = new Map<string, Map<number, Buffer>>();
  readonly #options: S3BucketOptions;

  constructor(options: S3BucketOptions) {
    this.#options = options;
  }

  answer(request: S3Request): S3Answer {
    const { key, method, query } = request;
    if (key === "") return this.#ofBucket(request);
    if (query.has("uploads") || query.has("uploadId")) return this.#ofUpload(request);
    if (method === "PUT") return this.#put(request, request.body);
    if (method === "DELETE") return this.#delete(key);
    if (method === "GET" || method === "HEAD") return this.#get(request);
    throw new S3Error(405, "MethodNotAllowed");
  }

  get usedBytes(): number {
    return Array.from(this.objects.values()).reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Behind the back of everybody: no conditions, no quota. */
  plant(key: string, bytes: Buffer): void {
    const etag = createHash("md5").update(bytes).digest("hex");
    this.objects.set(key, {
      bytes,
      etag,
      sha256: createHash("sha256").update(bytes).digest("base64"),
    });
  }

  #ofBucket({ method, query, body }: S3Request): S3Answer {
    if (query.has("location")) {
      return xml(`<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`);
    }
    if (method === "POST" && query.has("delete")) {
      const keys = Array.from(
        body.toString().matchAll(/<Key>([^<]*)<\/Key>/g),
        ([, key = ""]) => key,
      );
      const locked = keys.filter((key) => this.#options.isLocked(key));
      for (const key of keys) if (!locked.includes(key)) this.objects.delete(key);
      const errors = locked.map(
        (key) => `<Error><Key>${key}</Key><Code>AccessDenied</Code></Error>`,
      );
      return xml(`<DeleteResult>${errors.join("")}</DeleteResult>`);
    }
    if (method === "GET") return this.#list(query);
    if (method === "HEAD" || method === "PUT") return { status: 200 };
    throw new S3Error(405, "MethodNotAllowed");
  }

  #list(query: URLSearchParams): S3Answer {
    if (query.get("list-type") !== "2") throw new S3Error(501, "NotImplemented");
    const prefix = query.get("prefix") ?? "";
    const token = query.get("continuation-token");
    const after = token === null ? "" : Buffer.from(token, "base64url").toString();
    const most = Math.min(this.#options.maxKeys, Number(query.get("max-keys") ?? 1000));
    const keys = Array.from(this.objects.keys())
      .filter((key) => key.startsWith(prefix) && key > after)
      .sort();
    const page = keys.slice(0, most);
    const isCut = keys.length > page.length;
    const next = Buffer.from(page.at(-1) ?? "").toString("base64url");
    const contents = page.map((key) => {
      const { bytes, etag } = this.objects.get(key) as S3Object;
      return `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${bytes.length}</Size></Contents>`;
    });
    return xml(
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Prefix>${prefix}</Prefix>` +
        `<IsTruncated>${isCut}</IsTruncated>${contents.join("")}` +
        `${isCut ? `<NextContinuationToken>${next}</NextContinuationToken>` : ""}</ListBucketResult>`,
    );
  }

  #put({ key, headers }: S3Request, bytes: Buffer): S3Answer {
    const { conditions, isLocked } = this.#options;
    const isConditional = headers["if-none-match"] === "*";
    if (isConditional && conditions === "refused") throw new S3Error(501, "NotImplemented");
    if (isConditional && conditions === "kept" && this.objects.has(key)) {
      throw new S3Error(412, "PreconditionFailed");
    }
    const md5 = createHash("md5").update(bytes).digest();
    const sha256 = createHash("sha256").update(bytes).digest("base64");
    const said = headers["x-amz-checksum-sha256"];
    const saidMd5 = headers["content-md5"];
    if (said !== undefined && said !== sha256) throw new S3Error(400, "BadDigest");
    if (saidMd5 !== undefined && saidMd5 !== md5.toString("base64"))
      throw new S3Error(400, "BadDigest");
    if (isLocked(key) && said === undefined && saidMd5 === undefined) {
      throw new S3Error(400, "InvalidRequest");
    }
    if (this.usedBytes + bytes.length > this.maxBytes) throw new S3Error(507, "QuotaExceeded");
    this.plant(key, bytes);
    return { status: 200, headers: { etag: `"${md5.toString("hex")}"` } };
  }

  #delete(key: string): S3Answer {
    if (this.#options.isLocked(key) && this.objects.has(key))
      throw new S3Error(403, "AccessDenied");
    this.objects.delete(key);
    return { status: 204 };
  }

  #get({ key, headers }: S3Request): S3Answer {
    const object = this.objects.get(key);
    if (object === undefined) throw new S3Error(404, "NoSuchKey");
    const { bytes, etag, sha256 } = object;
    const common = {
      etag: `"${etag}"`,
      "accept-ranges": "bytes",
      "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
      "content-type": "application/octet-stream",
    };
    const match = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "");
    if (match === null) {
      const isWanted = headers["x-amz-checksum-mode"] === "ENABLED";
      const checksum = isWanted ? { "x-amz-checksum-sha256": sha256 } : {};
      return { status: 200, headers: { ...common, ...checksum }, body: bytes };
    }
    const from = Number(match[1]);
    if (from >= bytes.length) throw new S3Error(416, "InvalidRange");
    const part = bytes.subarray(from, match[2] === "" ? bytes.length : Number(match[2]) + 1);
    const range = `bytes ${from}-${from + part.length - 1}/${bytes.length}`;
    return { status: 206, headers: { ...common, "content-range": range }, body: part };
  }

  #ofUpload(request: S3Request): S3Answer {
    const { method, query, body } = request;
    if (query.has("uploads")) {
      const id = `upload-${this.#uploads.size + 1}`;
      this.#uploads.set(id, new Map());
      return xml(
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    const id = query.get("uploadId") ?? "";
    const parts = this.#uploads.get(id);
    if (parts === undefined) throw new S3Error(404, "NoSuchUpload");
    if (method === "PUT") {
      parts.set(Number(query.get("partNumber")), body);
      return {
        status: 200,
        headers: { etag: `"${createHash("md5").update(body).digest("hex")}"` },
      };
    }
    this.#uploads.delete(id);
    if (method === "DELETE") return { status: 204 };
    const numbers = Array.from(
      body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g),
      ([, number]) => Number(number),
    );
    const chosen = numbers.map((number) => parts.get(number));
    if (chosen.some((part) => part === undefined)) throw new S3Error(400, "InvalidPart");
    // The hash that was sent, if any, is one of the words of this request and not of the object.
    const { headers: _headers, ...rest } = request;
    const { headers = {} } = this.#put(
      { ...rest, headers: {} },
      Buffer.concat(chosen.filter((part) => part !== undefined)),
    );
    return xml(
      `<CompleteMultipartUploadResult><ETag>${String(headers["etag"])}</ETag></CompleteMultipartUploadResult>`,
    );
  }
}

function xml(text: string): S3Answer {
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${text}`,
  };
}
