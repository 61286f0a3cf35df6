/**
 * A real redis-server for tests, without a word on disk.
 *
 *     await using redis = await startRedis();
 *     const client = new Redis(redis.port, redis.host);
 */
import { connect } from "node:net";
import { type DatabaseServer, host, program, startServer } from "./servers/server-process.ts";

export interface RedisServer extends Omit<DatabaseServer, "kill"> {
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  /** Ends the process; a second call, or one after it has ended, does nothing. */
  stop(): Promise<void>;
}

/** `words` are further arguments of redis-server: `["--maxmemory", "2mb"]`. */
export async function startRedis(words: readonly string[] = []): Promise<RedisServer> {
  const nothingKept = ["--save", "", "--appendonly", "no"];
  const server = await startServer({
    name: "redis",
    command: ({ folder, port }) => {
      const listen = ["--bind", host, "--port", String(port), "--dir", folder];
      return [program("redis-server"), ...listen, ...nothingKept, ...words];
    },
    isReady: answersPing,
  });
  return { ...server, url: `redis://${host}:${server.port}`, stop: () => server.kill() };
}

function answersPing(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => socket.write("PING\r\n"));
    const fail = (): void => {
      socket.destroy();
      reject(new Error("it does not answer yet"));
    };
    socket.setTimeout(500, fail);
    socket.once("error", fail);
    socket.once("data", (bytes) => {
      if (!bytes.toString().startsWith("+PONG")) return fail();
      socket.destroy();
      resolve();
    });
  });
}
