import { freePort } from "../../bench/rig/free-ports.ts";
import { FleetBench, type FleetText } from "./fleet-bench.ts";
import { Load } from "./fleet-load.ts";

export interface Front {
  readonly bench: FleetBench;
  readonly port: number;
  readonly load: Load;
  /** Declares the service `shop` anew, and nothing beside it. */
  readonly declare: (changes: FleetText) => void;
}

/** One service, `shop`, behind the front proxy, under load until the stack is released. */
export async function frontUnderLoad(
  stack: AsyncDisposableStack,
  more: FleetText = {},
  method: "GET" | "POST" = "GET",
): Promise<Front> {
  const port = await freePort();
  const fleetOf = (bench: FleetBench, changes: FleetText): FleetText => ({
    services: { shop: bench.toy("shop", { listen: port, health_check: "/health", ...changes }) },
  });
  const bench = stack.use(await FleetBench.up((made) => fleetOf(made, more)));
  const load = stack.use(new Load(`http://127.0.0.1:${port}/?ms=40`, method));
  return { bench, port, load, declare: (changes) => bench.declare(fleetOf(bench, changes)) };
}
