/** A served house, and requests with every header under the test's control. */
import { request as httpRequest } from "node:http";
import { type Api, startApi } from "../../src/api/index.ts";
import { ApiHouse } from "./api-house.ts";

export const token = "a-token-for-tests-0123456789";

export class ApiBench implements AsyncDisposable {
  readonly house: ApiHouse;
  readonly api: Api;
  readonly complaints: readonly string[];

  private constructor(house: ApiHouse, api: Api, complaints: readonly string[]) {
    this.house = house;
    this.api = api;
    this.complaints = complaints;
  }

  static async start(house: ApiHouse = new ApiHouse()): Promise<ApiBench> {
    const complaints: string[] = [];
    const api = await startApi(house, {
      host: "127.0.0.1",
      port: 0,
      token,
      serviceOf: (given) => /^engine-of\.(.+)$/.exec(given)?.[1],
      complain: (what, error) => complaints.push(`${what}: ${String(error)}`),
    });
    return new ApiBench(house, api, complaints);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.close();
  }

  /** Runs until the restart of one instance waits for approval, and another one was healed. */
  async fallIll(): Promise<void> {
    const { house } = this;
    await house.advance(15_000);
    // Far enough apart that neither is taken for a victim of the other.
    for (const resource of ["instance/service-2.1", "instance/service-0.1"] as const) {
      const process = house.world.processOf(resource);
      if (process) house.world.fallIll(process, "hung");
      await house.advance(15_000);
    }
  }

  ask(path: string, options: AskOptions = {}): Promise<Answer> {
    const { method = "GET", headers = {}, body } = options;
    const given = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type = text === undefined ? {} : { "content-type": "application/json" };
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        `${this.api.url}${path}`,
        { method, headers: { ...given, ...type, ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const status = response.statusCode ?? 0;
            resolve({ status, headers: response.headers, text: Buffer.concat(chunks).toString() });
          });
        },
      );
      request.on("error", reject);
      request.end(text);
    });
  }

  async json(path: string, options: AskOptions = {}): Promise<unknown> {
    return JSON.parse((await this.ask(path, options)).text);
  }
}

export interface AskOptions {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}
