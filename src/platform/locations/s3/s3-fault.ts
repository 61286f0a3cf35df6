/** What a store of objects says in its errors, as a fault of a location. */
import type { FaultKind, LocationFault } from "../../../vault/index.ts";
import type { HttpAnswer } from "../http/http-client.ts";
import { kindOfStatus, statusFault } from "../http/status-fault.ts";
import { textOfElement } from "./xml.ts";

/** Codes that say more than the status they come with. */
const kinds: Readonly<Record<string, FaultKind>> = {
  AuthorizationHeaderMalformed: "denied",
  ConditionalRequestConflict: "away",
  ExpiredToken: "denied",
  IllegalLocationConstraintException: "denied",
  InvalidToken: "denied",
  // A place whose folder is gone: a bucket is made and removed by people only.
  NoSuchBucket: "away",
  OperationAborted: "away",
  PermanentRedirect: "denied",
  QuotaExceeded: "full",
  RequestTimeout: "away",
  SlowDown: "throttled",
  TemporaryRedirect: "away",
  TooManyRequests: "throttled",
  XMinioAdminBucketQuotaExceeded: "full",
  XMinioStorageFull: "full",
};

/** Empty where the answer has no body, as those to HEAD have. */
export function errorCodeOf({ body }: HttpAnswer): string {
  return textOfElement(body.toString("utf8"), "Code") ?? "";
}

export function s3Fault(answer: HttpAnswer, what: string): LocationFault {
  const xml = answer.body.toString("utf8");
  const code = errorCodeOf(answer);
  const region = answer.headers["x-amz-bucket-region"] ?? textOfElement(xml, "Region");
  const isElsewhere =
    region !== undefined &&
    region !== "" &&
    [301, 400].includes(answer.status) &&
    code !== "RequestTimeout";
  const said = [code, textOfElement(xml, "Message") ?? ""].filter(Boolean).join(": ");
  const advice = isElsewhere
    ? ` (the bucket lies in ${String(region)}: add ?region=${String(region)})`
    : "";
  return statusFault(answer, what, {
    kind: kinds[code] ?? (isElsewhere ? "denied" : kindOfStatus(answer.status)),
    said: said + advice,
  });
}
