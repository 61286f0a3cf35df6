/** Where the repositories of a vault lie: adapters of its port `Location`. */
export { type FileLocationOptions, openFileLocation } from "./open-file-location.ts";
export { openSftpLocation, type SftpLocationOptions } from "./sftp/open-sftp-location.ts";
export { type SshTarget, sshCommand } from "./sftp/ssh-channel.ts";
