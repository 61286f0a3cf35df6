/**
 * Is an HTTP question answered well? Kind `http`.
 *
 * H1. Each look has a connection of its own and reads at most 64 KiB of the answer.
 * H2. Headers and query may be secrets: reasons name the method, the path and the first words of
 *     the answer, in which the headers' words are masked.
 */
import { z } from "zod";
import type { Clock, JsonRecord } from "../../kernel/index.ts";
import type { Reading, ReadRequest, Sensor } from "../../model/index.ts";
import { certificateSamples } from "../certificate-samples.ts";
import { badCheck, goodCheck, inMs, type Trouble } from "../check-reading.ts";
import { maskSecrets } from "../mask-secrets.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { ask, type Outcome, type Question } from "./ask.ts";
import { expectationSchema, type Judge, judgeOf } from "./expectation.ts";
import { addressOf, addressParameters, questionOf } from "./question.ts";

const schema = z.object({
  ...addressParameters,
  method: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  expect: expectationSchema.prefault({}),
  certificateDays: z.number().optional(),
  /** Certificates of authorities (PEM) to trust instead of the system's. */
  authorities: z.string().optional(),
});

type Parameters = z.infer<typeof schema>;

/** What is the same in every look of one key at one port. */
interface Prepared {
  readonly parameters: JsonRecord;
  readonly port: number | undefined;
  readonly question: Question;
  readonly judge: Judge;
  /** `GET /health` */
  readonly name: string;
  readonly secrets: readonly string[];
  readonly daysMin: number | undefined;
}

const bodyBytesMax = 64 * 1024;
const parametersOf = sensorParameters("http", schema);

export function createHttpSensor({ clock }: { readonly clock: Clock }): Sensor {
  const prepared = new Map<string, Prepared>();
  const preparedFor = (request: ReadRequest): Prepared => {
    const { key, parameters } = request.spec;
    const before = prepared.get(key);
    if (before?.parameters === parameters && before.port === request.port) return before;
    const fresh = prepare(parametersOf(parameters), request);
    prepared.set(key, fresh);
    return fresh;
  };
  return {
    kind: "http",
    async read(request, signal): Promise<readonly Reading[]> {
      const look = preparedFor(request);
      const begun = clock.now();
      const outcome = await ask(look.question, signal);
      const elapsedMs = clock.now().monotonicMs - begun.monotonicMs;
      const check = judge(look, outcome, elapsedMs);
      if (!look.question.isSecure || outcome.kind === "aborted") return [check];
      const { wallMs } = begun;
      return [check, ...certificateSamples(outcome.certificate, { wallMs, daysMin: look.daysMin })];
    },
    forget: (key) => void prepared.delete(key),
  };
}

function prepare(given: Parameters, request: ReadRequest): Prepared {
  const address = addressOf(given, request);
  const question = questionOf(address, { ...given, bodyBytesMax });
  return {
    parameters: request.spec.parameters,
    port: request.port,
    question,
    judge: judgeOf(given.expect),
    name: `${question.method} ${address.name}`,
    secrets: [...Object.values(given.headers), question.headers["authorization"] ?? ""],
    daysMin: given.certificateDays,
  };
}

function judge(look: Prepared, outcome: Outcome, elapsedMs: number): Reading {
  const after = inMs(elapsedMs);
  if (outcome.kind === "answered") {
    const trouble = look.judge(outcome, elapsedMs);
    const answered = `${look.name} answered ${outcome.status} in ${after}`;
    if (trouble === undefined) return goodCheck(elapsedMs, answered);
    const joint = trouble.symptom === "status" ? "" : ", but ";
    return bad(look, elapsedMs, { ...trouble, reason: `${answered}${joint}${trouble.reason}` });
  }
  if (outcome.kind === "aborted") {
    const reason = `${look.name} was not answered within ${after}: ${outcome.progress}`;
    return bad(look, elapsedMs, { symptom: "timeout", reason });
  }
  const { symptom, reason } = outcome.trouble;
  return bad(look, elapsedMs, { symptom, reason: `${look.name} failed after ${after}: ${reason}` });
}

function bad(look: Prepared, elapsedMs: number, { symptom, reason }: Trouble): Reading {
  return badCheck(elapsedMs, { symptom, reason: maskSecrets(reason, look.secrets) });
}
