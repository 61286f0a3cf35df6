/** Three real redis-servers that share their keys, as one Redis Cluster. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Cluster } from "ioredis";
import { type RedisServer, startRedis } from "../redis-server.ts";

const run = promisify(execFile);

export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly RedisServer[];
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const words = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
  const nodes: RedisServer[] = [];
  const end = async (): Promise<void> => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
  };
  try {
    for (let count = 0; count < 3; count += 1) nodes.push(await startRedis(words));
    const places = nodes.map(({ host, port }) => `${host}:${port}`);
    const create = ["--cluster", "create", ...places, "--cluster-replicas", "0", "--cluster-yes"];
    await run("redis-cli", create);
    const cluster = new Cluster([...nodes], { clusterRetryStrategy: () => 50 });
    // It is created before each node knows that it is whole.
    await cluster.set("is it whole", "yes");
    cluster.disconnect();
  } catch (error) {
    await end();
    throw error;
  }
  return { nodes, [Symbol.asyncDispose]: end };
}
