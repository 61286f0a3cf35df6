/**
 * What can be odd about one result, as bits of a number, and how odd each is. A sign alone proves
 * nothing: whether it is unusual for this operation is `ResultShape`'s to say.
 */
import { type TextFinding, textFinding } from "./result-text.ts";

export const sign = {
  empty: 1,
  undefined: 2,
  null: 4,
  notANumber: 8,
  otherKind: 16,
  tooLarge: 32,
  tooSmall: 64,
  placeholder: 128,
  errorText: 256,
  prose: 512,
  errorInSuccess: 1024,
  errorField: 2048,
  missingKeys: 4096,
} as const;

export type SignName = keyof typeof sign;
export const signNames: readonly SignName[] = Object.keys(sign) as SignName[];

export interface SignNature {
  /**
   * How many legitimate results of this kind may have been missed so far. About nothing for what
   * no program means to return; a few for what some return every now and then.
   */
  readonly missed: number;
  /** Nothing is told before so many results are known. */
  readonly countMin: number;
  readonly what: string;
}

const never = 1e-12;
const rare = 3;

export const signNature: Readonly<Record<SignName, SignNature>> = {
  empty: { missed: rare, countMin: 64, what: "is empty" },
  undefined: { missed: rare, countMin: 64, what: "is undefined" },
  null: { missed: rare, countMin: 64, what: "is null" },
  notANumber: { missed: never, countMin: 200, what: "has a number that is NaN" },
  otherKind: { missed: rare, countMin: 64, what: "is of another kind" },
  tooLarge: { missed: rare, countMin: 64, what: "is far larger" },
  tooSmall: { missed: rare, countMin: 64, what: "is far smaller" },
  placeholder: { missed: never, countMin: 50, what: "has a placeholder for a missing value in it" },
  errorText: { missed: never, countMin: 50, what: "has an error for a text" },
  prose: { missed: rare, countMin: 64, what: "mentions a missing value or an error" },
  errorInSuccess: { missed: never, countMin: 50, what: "says success and carries an error" },
  errorField: { missed: rare, countMin: 64, what: "carries an error" },
  missingKeys: { missed: rare, countMin: 64, what: "lacks fields" },
};

/** Bits for kinds of values; `undefined`, `null` and NaN have signs of their own. */
export const kind = {
  boolean: 1,
  number: 2,
  string: 4,
  array: 8,
  binary: 16,
  object: 32,
  collection: 64,
  function: 128,
  other: 256,
} as const;

export function kindOf(value: unknown): number {
  switch (typeof value) {
    case "number":
      return kind.number;
    case "string":
      return kind.string;
    case "boolean":
      return kind.boolean;
    case "function":
      return kind.function;
    case "object":
      return value === null ? 0 : kindOfObject(value);
    case "undefined":
      return 0;
    default:
      return kind.other;
  }
}

function kindOfObject(value: object): number {
  if (Array.isArray(value)) return kind.array;
  if (ArrayBuffer.isView(value)) return kind.binary;
  return value instanceof Map || value instanceof Set ? kind.collection : kind.object;
}

/** Undefined where a size means nothing. */
export function sizeOf(value: unknown): number | undefined {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return value instanceof Map || value instanceof Set ? value.size : undefined;
}

export type Plain = Readonly<Record<string, unknown>>;

/**
 * Objects that are mere data. Instances of classes are left alone: reading them may run code, as
 * with lazily loaded records.
 */
export function isPlain(value: unknown): value is Plain {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Signs that only a deep look finds, and what was seen where. */
export interface DeepLook {
  readonly signs: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * Names of fields that results of one operation have. Fields are read by name and never
 * enumerated, except once to learn them: a result may be a dictionary of a million entries.
 */
export interface KnownFields {
  readonly outer: readonly string[];
  /** Bit n: every result had field n of `outer`. */
  readonly always: number;
  /** Of the records of a list, or of the objects within an object. */
  readonly inner: readonly string[];
}

const nothing: DeepLook = { signs: 0, details: {} };
const elementsLooked = 4;
export const fieldsMax = 8;

export function lookDeep(value: unknown, known: KnownFields): DeepLook {
  const { outer, inner } = known;
  if (typeof value === "string") return ofText(textFinding(value));
  if (Array.isArray(value)) {
    const places = value.slice(0, elementsLooked).map((_, index) => String(index));
    return lookAtFields(value as unknown as Plain, places, inner);
  }
  if (!isPlain(value)) return nothing;
  return errorOf(value) ?? missingOf(value, known) ?? lookAtFields(value, outer, inner);
}

/** Names of the first eight fields of a value that are plain data. */
export function fieldsOf(value: unknown): string[] {
  const names: string[] = [];
  if (!isPlain(value)) return names;
  for (const name in value) {
    if (names.length === fieldsMax) break;
    const descriptor = Object.getOwnPropertyDescriptor(value, name);
    if (descriptor?.value !== undefined) names.push(name);
  }
  return names;
}

/** The first object within a list or an object. */
export function innerOf(value: unknown, outer: readonly string[]): unknown {
  if (Array.isArray(value)) return value[0];
  if (!isPlain(value)) return undefined;
  return outer.map((name) => value[name]).find((field) => isPlain(field) && !isEmptyObject(field));
}

function isEmptyObject(value: Plain): boolean {
  for (const key in value) if (key !== undefined) return false;
  return true;
}

/** Which of the fields are there, as bits. */
export function presence(value: Plain, fields: readonly string[]): number {
  let bits = 0;
  for (const [index, field] of fields.entries()) {
    if (value[field] !== undefined) bits |= 1 << index;
  }
  return bits;
}

function missingOf(value: Plain, { outer, always }: KnownFields): DeepLook | undefined {
  const present = presence(value, outer);
  const lacking = always & ~present;
  if (lacking === 0) return undefined;
  if (present === 0 && isEmptyObject(value)) return { signs: sign.empty, details: {} };
  const missing = outer.filter((_, index) => (lacking & (1 << index)) !== 0);
  return missing.length === 0 ? undefined : { signs: sign.missingKeys, details: { missing } };
}

function lookAtFields(
  value: Plain,
  fields: readonly string[],
  inner: readonly string[] = [],
): DeepLook {
  for (const field of fields) {
    const look = lookAtField(value[field], field, inner);
    if (look.signs !== 0) return look;
  }
  return nothing;
}

function lookAtField(content: unknown, field: string, inner: readonly string[]): DeepLook {
  if (typeof content === "string") return ofText(textFinding(content), field);
  if (typeof content === "number" && Number.isNaN(content)) {
    return { signs: sign.notANumber, details: { field } };
  }
  if (inner.length === 0 || !isPlain(content)) return nothing;
  const look = lookAtFields(content, inner);
  if (look.signs === 0) return nothing;
  return {
    ...look,
    details: { ...look.details, field: `${field}.${String(look.details["field"])}` },
  };
}

function ofText(finding: TextFinding | undefined, field?: string): DeepLook {
  if (!finding) return nothing;
  const { found, position } = finding;
  const details = { found, position, ...(field === undefined ? {} : { field }) };
  const signs = { placeholder: sign.placeholder, error: sign.errorText, prose: sign.prose };
  return { signs: signs[finding.sign], details };
}

/** `{ ok: true }`, `{ success: true }`, a status of 200 to 299. */
export function claimsSuccess(value: Plain): boolean {
  const { ok, success, status, statusCode } = value as Record<string, unknown>;
  return ok === true || success === true || isFine(status) || isFine(statusCode);
}

function isFine(status: unknown): boolean {
  return typeof status === "number" && status >= 200 && status < 300;
}

/** The error that an answer carries: in itself, or in its body. */
export function carriedError(value: Plain): unknown {
  const { error, errors, body, data } = value as Record<string, unknown>;
  if (isError(error)) return error;
  if (isError(errors)) return errors;
  return errorInBody(body) ?? errorInBody(data);
}

function isError(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return !isPlain(value) || !isEmptyObject(value);
  return value === true || (typeof value === "string" && value !== "");
}

function errorInBody(body: unknown): unknown {
  if (typeof body === "string") {
    const finding = textFinding(body);
    return finding?.sign === "error" && finding.position === 0 ? finding.found : undefined;
  }
  if (!isPlain(body)) return undefined;
  return isError(body["error"]) ? body["error"] : undefined;
}

function errorOf(value: Plain): DeepLook | undefined {
  const error = carriedError(value);
  if (error === undefined) return undefined;
  const signs = claimsSuccess(value) ? sign.errorInSuccess : sign.errorField;
  return { signs, details: { error: inShort(error) } };
}

const errorShown = 120;

function inShort(error: unknown): string {
  if (typeof error === "string") return error.slice(0, errorShown);
  if (Array.isArray(error)) return inShort(error[0]);
  if (typeof error !== "object" || error === null) return String(error);
  const { message, code } = error as { message?: unknown; code?: unknown };
  const said = [message, code].find((each) => typeof each === "string" || typeof each === "number");
  return said === undefined ? "an object" : String(said).slice(0, errorShown);
}
