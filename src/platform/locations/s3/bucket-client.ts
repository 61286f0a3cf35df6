/**
 * Signed requests to one bucket (AWS signature version 4). Signing is aws4fetch's; where an object
 * lies, and the hashes of what is sent, are ours.
 */
import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import type { Clock, LocationAddress } from "../../../kernel/index.ts";
import type { HttpAnswer, HttpClient, HttpQuestion } from "../http/http-client.ts";
import type { S3Credentials } from "./credentials.ts";

export type S3Address = Extract<LocationAddress, { readonly kind: "s3" }>;

/** How requests name the bucket: before the host, or as the first part of the path. */
export type BucketStyle = "host" | "path";

export interface BucketOptions {
  readonly address: S3Address;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Asked anew for each request, for keys that are lent for a time. */
  readonly credentials: () => S3Credentials;
  readonly style?: BucketStyle | undefined;
}

export interface BucketQuestion extends Omit<HttpQuestion, "url"> {
  /** Of an object; empty: the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
}

export class BucketClient {
  readonly #options: BucketOptions;
  readonly #base: string;
  /** Keys that were derived for signing, one for each day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  constructor(options: BucketOptions) {
    this.#options = options;
    this.#base = baseOf(options.address, options.style);
  }

  async ask(question: BucketQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    signal.throwIfAborted();
    const { address, clock, credentials, http } = this.#options;
    const { key, query = {}, ...rest } = question;
    const path = key.split("/").map(encoded).join("/");
    const url = new URL(this.#base + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { region } = address;
    const hash = sha256(rest.parts);
    if (this.#signingKeys.size > 8) this.#signingKeys.clear();
    const signer = new AwsV4Signer({
      ...credentials(),
      service: "s3",
      ...(region === undefined ? {} : { region }),
      cache: this.#signingKeys,
      datetime: new Date(clock.now().wallMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
      headers: {
        ...rest.headers,
        "x-amz-content-sha256": hash.toString("hex"),
        ...(rest.parts === undefined ? {} : { "x-amz-checksum-sha256": hash.toString("base64") }),
      },
      method: rest.method,
      url: url.href,
    });
    const signed = await signer.sign();
    const headers = Object.fromEntries(signed.headers);
    return http.ask({ ...rest, headers, url: signed.url }, signal);
  }
}

export function sha256(parts: readonly Uint8Array[] = []): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/**
 * Certificates of AWS are for one name before the host, and names in capitals are none of a host.
 */
function baseOf({ bucket, endpoint, region }: S3Address, style: BucketStyle | undefined): string {
  const regional = region === undefined ? "" : `.${region}`;
  const url = new URL(endpoint ?? `https://s3${regional}.amazonaws.com`);
  const isOfAmazon = /(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(url.hostname);
  const usual = isOfAmazon && /^[a-z0-9-]+$/.test(bucket) ? "host" : "path";
  if ((style ?? usual) === "path") return `${url.origin}/${encoded(bucket)}/`;
  return `${url.protocol}//${bucket}.${url.host}/`;
}

function encoded(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
