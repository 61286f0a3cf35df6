/**
 * Repositories in buckets: of AWS, or of whatever else speaks the S3 protocol. What can be said
 * about files and repositories is above; here are only objects, keys and signatures.
 */
export { type CredentialNames, type S3Credentials, s3Credentials } from "./credentials.ts";
export { S3Location, type S3LocationOptions } from "./s3-location.ts";
