/**
 * A repository in a bucket, at the keys that restic's own adapter uses (`prefix/data/00/00ff...`).
 *
 * S1. One PUT is one file: a store shows an object when it has all of it. Parts of an upload
 *     (multipart) would be needed above 5 GiB only, and no file of a repository is that large.
 * S2. Every byte is covered by a signature on the way there (`x-amz-content-sha256`), and by a hash
 *     that the store checks and keeps (`x-amz-checksum-sha256`); what comes back whole is held
 *     against that hash when the store tells it.
 * S3. Nothing is overwritten: each PUT says `If-None-Match: *`. The config is looked for first in
 *     any case, for stores that know no such header; of two programs that make a repository at the
 *     same instant there, the later one wins. Other files are the same bytes by their names.
 * S4. A missing object is told apart from a missing bucket, which counts as away: nobody who asks
 *     for files removes buckets.
 */
import { nameOfAddress } from "../../../kernel/index.ts";
import {
  appendOnlyFault,
  type ByteRange,
  type FileKind,
  type FileName,
  folderOfKind,
  isFileId,
  type ListedFile,
  type Location,
  LocationFault,
  type LocationTraits,
  pathOfFile,
} from "../../../vault/index.ts";
import { type HttpAnswer, HttpClient, type HttpOptions } from "../http/http-client.ts";
import { rangeHeaders, wholeOrRange } from "../http/whole-or-range.ts";
import {
  BucketClient,
  type BucketOptions,
  type BucketQuestion,
  type S3Address,
  sha256,
} from "./bucket-client.ts";
import { listingOf } from "./listing.ts";
import { errorCodeOf, s3Fault } from "./s3-fault.ts";

export interface S3LocationOptions
  extends HttpOptions,
    Pick<BucketOptions, "clock" | "credentials" | "style"> {
  readonly address: S3Address;
  /** As its owner calls the place; missing: the region of the address. */
  readonly region?: string;
  /** The bucket is locked or its key removes nothing: nothing but locks is ever removed. */
  readonly isAppendOnly?: boolean;
  /** No file of a repository is larger. Default 1 GiB. */
  readonly maxFileBytes?: number;
  /** Pages of a list, of 1000 files each. Default 20,000. */
  readonly maxPages?: number;
}

const maxWordsBytes = 64 * 1024;
const maxPageBytes = 8 * 1024 * 1024;

export class S3Location implements Location {
  readonly traits: LocationTraits;
  readonly #http: HttpClient;
  readonly #bucket: BucketClient;
  readonly #root: string;
  readonly #maxFileBytes: number;
  readonly #maxPages: number;
  /** The store has no `If-None-Match` (S3). */
  #isConditionUnknown = false;

  constructor(options: S3LocationOptions) {
    const { address, isAppendOnly = false, maxFileBytes = 1024 ** 3, maxPages = 20_000 } = options;
    const region = options.region ?? address.region ?? "";
    this.traits = { name: nameOfAddress(address), region, isAppendOnly };
    this.#http = new HttpClient(options);
    this.#bucket = new BucketClient({ ...options, http: this.#http });
    this.#root = address.prefix === "" ? "" : `${address.prefix}/`;
    this.#maxFileBytes = maxFileBytes;
    this.#maxPages = maxPages;
  }

  /** A bucket has no folders; that it is there and lets us in is all there is to see. */
  async prepare(signal: AbortSignal): Promise<void> {
    await this.#page({ prefix: this.#root, "max-keys": "1" }, signal);
  }

  async put(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const isConfig = file.kind === "config";
    if (isConfig || this.#isConditionUnknown) {
      const isThere = (await this.stat(file, signal)) !== undefined;
      if (isThere && isConfig) throw this.#exists(file);
      if (isThere) return;
    }
    const condition = this.#isConditionUnknown ? {} : { "if-none-match": "*" };
    const answer = await this.#put(file, parts, { condition, signal });
    if (answer.status === 412) {
      if (isConfig) throw this.#exists(file);
      return;
    }
    if (answer.status === 501 && !this.#isConditionUnknown) {
      this.#isConditionUnknown = true;
      return this.put(file, parts, signal);
    }
    if (answer.status !== 200) throw this.#fault(answer, file);
  }

  async replace(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.traits.isAppendOnly) throw appendOnlyFault(this.traits, file);
    const answer = await this.#put(file, parts, { condition: {}, signal });
    if (answer.status !== 200) throw this.#fault(answer, file);
  }

  async get(file: FileName, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    const answer = await this.#ask(file, signal, {
      method: "GET",
      headers: { ...rangeHeaders(range), "x-amz-checksum-mode": "ENABLED" },
      maxAnswerBytes: this.#maxFileBytes,
    });
    if (answer.status !== 200 && answer.status !== 206) throw this.#fault(answer, file);
    if (answer.status === 200) this.#compareHash(answer, file);
    return wholeOrRange(answer, this.#what(file), range);
  }

  async stat(file: FileName, signal: AbortSignal): Promise<number | undefined> {
    const answer = await this.#ask(file, signal, { method: "HEAD" });
    if (answer.status === 200) return Number(answer.headers["content-length"]);
    if (answer.status !== 404) throw this.#fault(answer, file);
    // S4: the answer to a HEAD has no body that could tell which of both is missing.
    const headers = rangeHeaders({ offset: 0, length: 1 });
    const maxAnswerBytes = this.#maxFileBytes;
    const second = await this.#ask(file, signal, { method: "GET", headers, maxAnswerBytes });
    if (second.status === 404 && errorCodeOf(second) !== "NoSuchBucket") return undefined;
    if (second.status >= 300 && second.status !== 416) throw this.#fault(second, file);
    // It has come in between; a moment ago it was not there.
    return undefined;
  }

  async *list(kind: FileKind, signal: AbortSignal): AsyncIterable<ListedFile> {
    if (kind === "config") {
      const file = { kind, id: "" } as const;
      const sizeBytes = await this.stat(file, signal);
      if (sizeBytes !== undefined) yield { ...file, sizeBytes };
      return;
    }
    const prefix = `${this.#root}${folderOfKind(kind)}/`;
    let token: string | undefined;
    for (let page = 0; page < this.#maxPages; page += 1) {
      const more = token === undefined ? {} : { "continuation-token": token };
      const answer = await this.#page({ prefix, ...more }, signal);
      const listing = listingOf(answer.body.toString("utf8"));
      if (listing === undefined) throw this.#strange("the list of files is none");
      for (const { key, sizeBytes } of listing.objects) {
        const file = { kind, id: key.slice(key.lastIndexOf("/") + 1) };
        if (isFileId(file.id) && key === this.#keyOf(file)) yield { ...file, sizeBytes };
      }
      if (listing.nextToken === undefined) return;
      if (listing.nextToken === token) throw this.#strange("the list of files leads in a circle");
      token = listing.nextToken;
    }
    throw this.#strange(`the list of files has more than ${this.#maxPages} pages`);
  }

  async remove(file: FileName, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.traits.isAppendOnly && file.kind !== "lock") {
      throw appendOnlyFault(this.traits, file);
    }
    const answer = await this.#ask(file, signal, { method: "DELETE" });
    const isGone = answer.status === 404 && errorCodeOf(answer) !== "NoSuchBucket";
    if (answer.status !== 204 && answer.status !== 200 && !isGone) throw this.#fault(answer, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  #put(
    file: FileName,
    parts: readonly Uint8Array[],
    options: {
      readonly condition: Readonly<Record<string, string>>;
      readonly signal: AbortSignal;
    },
  ): Promise<HttpAnswer> {
    return this.#ask(file, options.signal, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream", ...options.condition },
      parts,
    });
  }

  #ask(
    file: FileName,
    signal: AbortSignal,
    question: Omit<BucketQuestion, "key" | "what" | "maxAnswerBytes"> & { maxAnswerBytes?: number },
  ): Promise<HttpAnswer> {
    const what = this.#what(file);
    const key = this.#keyOf(file);
    return this.#bucket.ask({ maxAnswerBytes: maxWordsBytes, ...question, key, what }, signal);
  }

  async #page(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
    const what = `${this.traits.name}: list`;
    const answer = await this.#bucket.ask(
      {
        method: "GET",
        key: "",
        query: { "list-type": "2", ...query },
        maxAnswerBytes: maxPageBytes,
        what,
      },
      signal,
    );
    if (answer.status !== 200) throw s3Fault(answer, what);
    return answer;
  }

  /**
   * S2. Of an object that was uploaded in parts the hash is one of hashes, and ends with a count.
   */
  #compareHash({ headers, body }: HttpAnswer, file: FileName): void {
    const told = headers["x-amz-checksum-sha256"];
    if (typeof told !== "string" || told.includes("-")) return;
    if (sha256([body]).toString("base64") === told) return;
    throw new LocationFault("away", `${this.#what(file)}: arrived with other bytes than it has`);
  }

  #keyOf(file: FileName): string {
    return this.#root + pathOfFile(file);
  }

  #what(file: FileName): string {
    return `${this.traits.name}: ${pathOfFile(file)}`;
  }

  #exists(file: FileName): LocationFault {
    return new LocationFault("exists", `${this.#what(file)}: is there already`);
  }

  #strange(why: string): LocationFault {
    return new LocationFault("strange", `${this.traits.name}: ${why}`);
  }

  #fault(answer: HttpAnswer, file: FileName): LocationFault {
    return s3Fault(answer, this.#what(file));
  }
}
