/** A real OpenSSH server for tests, with keys of its own: nothing of the user's is read. */
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { SshTarget } from "../../../src/platform/locations/index.ts";
import { type DatabaseServer, host, program, startServer } from "./server-process.ts";

export interface SshServer extends DatabaseServer {
  /** Who may log in: without this file nobody may. */
  readonly authorizedKeys: string;
  /** The hosts that the client knows: this one. */
  readonly knownHosts: string;
  /** By another port, when something stands between. */
  target(port?: number): SshTarget;
}

export async function startSshServer(): Promise<SshServer> {
  // Where its unprivileged half lives: it insists.
  if (process.getuid?.() === 0 && !existsSync("/run/sshd")) mkdirSync("/run/sshd", 0o755);
  const server = await startServer({
    name: "sshd",
    initialise: (folder) => [
      "sh",
      "-c",
      ["host", "user"]
        .map((who) => `${program("ssh-keygen")} -q -t ed25519 -N '' -f ${join(folder, who)}`)
        .join(" && "),
    ],
    command: ({ folder, port }) => [program("sshd"), "-D", "-f", configure(folder, port)],
    isReady: async (port) => {
      const socket = connect(port, host);
      await once(socket, "data");
      socket.destroy();
    },
  });
  return { ...server, ...clientOf(server), [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
}

function configure(folder: string, port: number): string {
  const authorizedKeys = join(folder, "authorized_keys");
  copyFileSync(join(folder, "user.pub"), authorizedKeys);
  const path = join(folder, "sshd_config");
  const lines = [
    `ListenAddress ${host}:${port}`,
    `HostKey ${join(folder, "host")}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "MaxStartups 100",
    "LogLevel QUIET",
    "Subsystem sftp internal-sftp",
  ];
  writeFileSync(path, lines.join("\n"));
  return path;
}

function clientOf({ folder, port: ownPort }: DatabaseServer) {
  const knownHosts = join(folder, "known_hosts");
  const configFile = join(folder, "ssh_config");
  const identityFile = join(folder, "user");
  // A port is named with its host, and something between has another one.
  const key = readFileSync(join(folder, "host.pub"), "utf8");
  writeFileSync(knownHosts, `vault-host ${key}`);
  const lines = [
    "HostKeyAlias vault-host",
    `UserKnownHostsFile ${knownHosts}`,
    "GlobalKnownHostsFile none",
    "StrictHostKeyChecking yes",
    "IdentitiesOnly yes",
    "IdentityAgent none",
  ];
  writeFileSync(configFile, lines.join("\n"));
  const target = (port = ownPort): SshTarget => ({
    host,
    port,
    user: userInfo().username,
    identityFile,
    configFile,
  });
  return { authorizedKeys: join(folder, "authorized_keys"), knownHosts, target };
}
