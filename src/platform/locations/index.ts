/**
 * Where the repositories of a vault lie: adapters of its port `Location`, which put files there and
 * get them back. What the files mean, and when to ask again, is left to `vault/`.
 */
export { type FileLocationOptions, openFileLocation } from "./open-file-location.ts";
export { RestLocation } from "./rest/index.ts";
export { type S3Credentials, S3Location, s3Credentials } from "./s3/index.ts";
export { openSftpLocation, type SftpLocationOptions } from "./sftp/open-sftp-location.ts";
export { type SshTarget, sshCommand } from "./sftp/ssh-channel.ts";
