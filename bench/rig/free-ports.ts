/**
 * Ports below those that the kernel gives to outgoing connections: none of the thousands of
 * connections of a measurement can take one between our look and its use.
 */
import { isPortFree } from "../../src/system/index.ts";

const first = 20_000;
const last = 32_000;
let next = first + (process.pid % 100) * 100;

export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let looks = 0; ports.length < count && looks < last - first; looks += 1) {
    const port = next;
    next = next >= last ? first : next + 1;
    if (await isPortFree("127.0.0.1", port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`no ${count} free ports from ${first} to ${last}`);
  return ports;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
