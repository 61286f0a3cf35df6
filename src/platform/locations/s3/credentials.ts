/** The key of a bucket, from the environment, under the names that every tool for buckets knows. */
import { failed, type Result, success } from "../../../kernel/index.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of keys that are lent for a time. */
  readonly sessionToken?: string;
}

/** Where they stand when several locations have keys of their own. */
export interface CredentialNames {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

const usualNames: CredentialNames = {
  accessKeyId: "AWS_ACCESS_KEY_ID",
  secretAccessKey: "AWS_SECRET_ACCESS_KEY",
  sessionToken: "AWS_SESSION_TOKEN",
};

/** The failure names the variable that is missing, and never holds a value. */
export function s3Credentials(
  environment: Readonly<Record<string, string | undefined>>,
  names: CredentialNames = usualNames,
): Result<S3Credentials> {
  const valueOf = (name: string): string => environment[name]?.trim() ?? "";
  const accessKeyId = valueOf(names.accessKeyId);
  const secretAccessKey = valueOf(names.secretAccessKey);
  const sessionToken = valueOf(names.sessionToken);
  if (accessKeyId === "") return failed(`the environment has no ${names.accessKeyId}`);
  if (secretAccessKey === "") return failed(`the environment has no ${names.secretAccessKey}`);
  return success({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === "" ? {} : { sessionToken }),
  });
}
