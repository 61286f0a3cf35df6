/**
 * A repository behind restic's REST protocol: `soulmirror vault serve`, or restic's own
 * rest-server.
 *
 * R1. A file is shown when the server has all of it, and durable when it says 200: that is the
 *     server's to keep (ours does).
 * R2. A server may refuse (403) what is there already; whether that was the reason is looked up.
 * R3. A missing file is told apart from a missing repository, which counts as away: the list of
 *     locks answers 404 then, and else never does.
 * R4. Servers of the protocol's first version list names only; sizes are asked for one by one.
 */
import { type LocationAddress, nameOfAddress } from "../../../kernel/index.ts";
import {
  appendOnlyFault,
  type ByteRange,
  type FaultKind,
  type FileKind,
  type FileName,
  folderOfKind,
  isFileId,
  type ListedFile,
  type Location,
  LocationFault,
  type LocationTraits,
} from "../../../vault/index.ts";
import {
  type HttpAnswer,
  HttpClient,
  type HttpOptions,
  type HttpQuestion,
} from "../http/http-client.ts";
import { kindOfStatus, statusFault } from "../http/status-fault.ts";
import { rangeHeaders, wholeOrRange } from "../http/whole-or-range.ts";
import { restListing, secondVersion } from "./rest-listing.ts";

export interface RestLocationOptions extends HttpOptions {
  readonly address: Extract<LocationAddress, { readonly kind: "rest" }>;
  /** Where they are not part of the address. */
  readonly user?: string;
  readonly password?: string;
  /** As its owner calls the place. */
  readonly region?: string;
  /** The server removes nothing but locks, so nothing else is tried. */
  readonly isAppendOnly?: boolean;
  /** No file of a repository is larger. Default 1 GiB. */
  readonly maxFileBytes?: number;
  /** The list of all files of a kind is one answer. Default 256 MiB, some 2.5 million files. */
  readonly maxListBytes?: number;
}

type Wish = Partial<Pick<HttpQuestion, "headers" | "parts" | "maxAnswerBytes">> & {
  readonly method: HttpQuestion["method"];
};

const maxWordsBytes = 64 * 1024;

export class RestLocation implements Location {
  readonly traits: LocationTraits;
  readonly #http: HttpClient;
  readonly #url: string;
  readonly #authorization: Readonly<Record<string, string>>;
  readonly #maxFileBytes: number;
  readonly #maxListBytes: number;

  constructor(options: RestLocationOptions) {
    const { address, region = "", isAppendOnly = false } = options;
    const { user = address.user, password = address.password ?? "" } = options;
    this.traits = { name: nameOfAddress(address), region, isAppendOnly };
    this.#http = new HttpClient(options);
    this.#url = address.url;
    this.#authorization = user === undefined ? {} : { authorization: basic(user, password) };
    this.#maxFileBytes = options.maxFileBytes ?? 1024 ** 3;
    this.#maxListBytes = options.maxListBytes ?? 256 * 1024 ** 2;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const what = `${this.traits.name}: prepare`;
    const answer = await this.#ask("?create=true", { method: "POST", parts: [] }, signal);
    if (answer.status !== 200) throw this.#faultOf(answer, what);
  }

  async put(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const isConfig = file.kind === "config";
    if (isConfig && (await this.stat(file, signal)) !== undefined) throw this.#exists(file);
    const headers = { "content-type": "application/octet-stream" };
    const answer = await this.#askOf(file, { method: "POST", headers, parts }, signal);
    if (answer.status === 200) return;
    // R2
    if (answer.status === 403 && (await this.#isThere(file, signal))) {
      if (isConfig) throw this.#exists(file);
      return;
    }
    throw await this.#fault(answer, file, signal);
  }

  /** The protocol refuses a name that is there: it goes first. */
  async replace(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    if (this.traits.isAppendOnly) throw appendOnlyFault(this.traits, file);
    await this.remove(file, signal);
    await this.put(file, parts, signal);
  }

  async get(file: FileName, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    const headers = rangeHeaders(range);
    const maxAnswerBytes = this.#maxFileBytes;
    const answer = await this.#askOf(file, { method: "GET", headers, maxAnswerBytes }, signal);
    if (answer.status !== 200 && answer.status !== 206) {
      throw await this.#fault(answer, file, signal);
    }
    return wholeOrRange(answer, this.#what(file), range);
  }

  async stat(file: FileName, signal: AbortSignal): Promise<number | undefined> {
    const answer = await this.#askOf(file, { method: "HEAD" }, signal);
    if (answer.status === 200) return Number(answer.headers["content-length"]);
    const fault = await this.#fault(answer, file, signal);
    if (fault.kind === "missing") return undefined;
    throw fault;
  }

  async *list(kind: FileKind, signal: AbortSignal): AsyncIterable<ListedFile> {
    if (kind === "config") {
      const file = { kind, id: "" } as const;
      const sizeBytes = await this.stat(file, signal);
      if (sizeBytes !== undefined) yield { ...file, sizeBytes };
      return;
    }
    const answer = await this.#askForList(kind, signal);
    const listing = restListing(answer);
    if (listing === undefined) {
      throw new LocationFault("strange", `${this.traits.name}: the list of files is none`);
    }
    for (const { name, sizeBytes } of listing) {
      if (!isFileId(name)) continue;
      const file = { kind, id: name };
      // R4; what has gone since then is no file any more.
      const size = sizeBytes ?? (await this.stat(file, signal));
      if (size !== undefined) yield { ...file, sizeBytes: size };
    }
  }

  async remove(file: FileName, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.traits.isAppendOnly && file.kind !== "lock") {
      throw appendOnlyFault(this.traits, file);
    }
    const answer = await this.#askOf(file, { method: "DELETE" }, signal);
    if (answer.status === 200 || answer.status === 204) return;
    const fault = await this.#fault(answer, file, signal);
    if (fault.kind !== "missing") throw fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  async #isThere(file: FileName, signal: AbortSignal): Promise<boolean> {
    return (await this.#askOf(file, { method: "HEAD" }, signal)).status === 200;
  }

  async #askForList(kind: FileKind, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#ask(
      `${folderOfKind(kind)}/`,
      { method: "GET", headers: { accept: secondVersion }, maxAnswerBytes: this.#maxListBytes },
      signal,
    );
    if (answer.status === 200) return answer;
    throw this.#faultOf(answer, `${this.traits.name}: list of ${folderOfKind(kind)}`, "away");
  }

  #askOf(file: FileName, wish: Wish, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#ask(pathOf(file), wish, signal);
  }

  #ask(path: string, wish: Wish, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#http.ask(
      {
        maxAnswerBytes: maxWordsBytes,
        ...wish,
        headers: { ...wish.headers, ...this.#authorization },
        url: new URL(this.#url + path),
        what: `${this.traits.name}: ${path}`,
      },
      signal,
    );
  }

  /** R3 */
  async #fault(answer: HttpAnswer, file: FileName, signal: AbortSignal): Promise<LocationFault> {
    if (answer.status !== 404) return this.#faultOf(answer, this.#what(file));
    await this.#askForList("lock", signal);
    return this.#faultOf(answer, this.#what(file));
  }

  #faultOf(answer: HttpAnswer, what: string, missing: FaultKind = "missing"): LocationFault {
    const kind = kindOfStatus(answer.status);
    const isReadOnly = kind === "denied" && answer.body.toString("utf8").startsWith("read-only");
    return statusFault(answer, what, {
      kind: isReadOnly ? "read-only" : kind === "missing" ? missing : kind,
    });
  }

  #exists(file: FileName): LocationFault {
    return new LocationFault("exists", `${this.#what(file)}: is there already`);
  }

  #what(file: FileName): string {
    return `${this.traits.name}: ${pathOf(file)}`;
  }
}

/** Unlike on disks, packs have no folders of their first two digits here. */
function pathOf({ kind, id }: FileName): string {
  return kind === "config" ? "config" : `${folderOfKind(kind)}/${id}`;
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
