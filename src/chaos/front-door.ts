/** Ordinary requests at the front door of a service, as its users would send them. */
import type { Scene } from "./fault.ts";

const answerLimitMs = 5_000;

export interface DoorRequest {
  readonly service: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer's text; throws when its status is not a good one. With a body it is a POST. */
export async function askService(scene: Scene, request: DoorRequest): Promise<string> {
  const { service, path, body, headers = {} } = request;
  const answer = await fetch(`http://127.0.0.1:${scene.frontPort(service)}${path}`, {
    headers,
    signal: AbortSignal.timeout(answerLimitMs),
    ...(body === undefined ? {} : { method: "POST", body }),
  });
  if (!answer.ok) throw new Error(`${service}${path} was answered ${answer.status}`);
  return answer.text();
}

/** Orders an export of mobile-converter. The promise of the result tells why it is not done. */
export async function orderExport(
  scene: Scene,
  order: { readonly id: string; readonly rows: number; readonly limitMs: number },
): Promise<() => Promise<string | undefined>> {
  const { id, rows, limitMs } = order;
  const service = "mobile-converter";
  const body = JSON.stringify({ id, subject: "drill", rows });
  await askService(scene, { service, path: "/exports", body });
  return async () => {
    const end = scene.clock.now().monotonicMs + limitMs;
    let state: string;
    do {
      const text = await askService(scene, { service, path: `/exports/${id}` });
      state = (JSON.parse(text) as { readonly state: string }).state;
      if (state === "done") return undefined;
      await new Promise((resolve) => setTimeout(resolve, 200));
    } while (scene.clock.now().monotonicMs < end);
    return `the export ${id} is ${state} and not done`;
  };
}
