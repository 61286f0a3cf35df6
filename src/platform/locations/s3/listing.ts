/** One page of a list of objects, as `ListObjectsV2` answers. */
import { contentsOf, textOfElement } from "./xml.ts";

export interface S3Listing {
  readonly objects: readonly { readonly key: string; readonly sizeBytes: number }[];
  /** Missing: there is no further page. */
  readonly nextToken?: string;
}

/** Undefined for what is no such page; part of one must never pass for all of it. */
export function listingOf(xml: string): S3Listing | undefined {
  if (!/<ListBucketResult[\s>]/.test(xml) || !xml.trimEnd().endsWith("</ListBucketResult>")) {
    return undefined;
  }
  const objects = [];
  for (const content of contentsOf(xml, "Contents")) {
    const key = textOfElement(content, "Key");
    const size = textOfElement(content, "Size");
    if (key === undefined || size === undefined || !/^\d{1,15}$/.test(size)) return undefined;
    objects.push({ key, sizeBytes: Number(size) });
  }
  if (textOfElement(xml, "IsTruncated") !== "true") return { objects };
  const nextToken = textOfElement(xml, "NextContinuationToken");
  return nextToken === undefined ? undefined : { objects, nextToken };
}
