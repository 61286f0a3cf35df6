/** What the tests of the rows that are promised by name have in common. */
import { DatabaseSync } from "node:sqlite";
import {
  createEngine,
  type EngineOptions,
  type InfrastructureReliabilityEngine,
} from "../../src/public/index.ts";
import { afterwards } from "../afterwards.ts";

export function engineOf(options: EngineOptions | string = {}): InfrastructureReliabilityEngine {
  const engine = createEngine(options);
  afterwards(() => engine.close());
  return engine;
}

export function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  afterwards(() => database.close());
  return database;
}

export function withCode(code: string | number): Error {
  return Object.assign(new Error(`it is ${code}`), { code });
}
