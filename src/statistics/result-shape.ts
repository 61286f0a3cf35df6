/**
 * What results of one operation usually look like, and which one does not: a call that succeeded
 * and answered nonsense. `look` is called on every result and answers in a few nanoseconds; only
 * where it says true is `explain` called, which learns, weighs and, seldom, tells.
 *
 * 1. `look` allocates nothing, calls no code of others, and never throws; nor does `explain`.
 * 2. No result is kept, nor any part of it but the names of up to eight fields.
 * 3. Nothing is told before an operation is known (64 results; 50 for what nobody means to return).
 * 4. Deep looks are bounded: 256 characters, eight fields, four elements; instances of classes are
 *    not looked into, since reading them may run code.
 */
import {
  carriedError,
  claimsSuccess,
  fieldsMax,
  fieldsOf,
  innerOf,
  isPlain,
  type KnownFields,
  kind,
  kindOf,
  lookDeep,
  type Plain,
  presence,
  type SignName,
  sign,
  signNames,
  signNature,
  sizeOf,
} from "./result-signs.ts";
import { isSuspiciousText } from "./result-text.ts";
import { type Sighting, SignOdds } from "./sign-odds.ts";

/** Why a result is suspicious. */
export interface Suspicion {
  readonly sign: SignName;
  /** One sentence. */
  readonly reason: string;
  /** What is usual here, what was seen. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** So many results are learned one after the other; later ones when there is time. */
const lessons = 256;
/** Of every so many results one is looked at closely, whatever the rate. */
const closeEvery = 64;
const unknownFields: KnownFields = { outer: [], always: 0, inner: [] };
/** Short texts are read on every call: it takes a few tens of nanoseconds. */
const shortText = 64;
/** Fields are enumerated in the first few results only: later ones may be large dictionaries. */
const fieldLessons = 16;
const sizesMin = 64;
/** Powers of two that a size may always be away from the usual one. */
const spreadMin = 5;
const deviations = 8;
/** About 160 characters: operations with such texts write prose. */
const proseLog = 7.3;
const countMax = 2 ** 28;

interface Seen {
  readonly everyLook: number;
  readonly isClose: boolean;
}

export class ResultShape {
  /** Results that were looked at, and closely; small integers all, which V8 keeps unboxed. */
  #count = 0;
  #closely = 0;
  #credit = lessons;
  #kinds = 0;
  /** Signs that `look` shall mind: those that are not usual here. */
  #minded = ~0;
  /** The last look was one of the close ones, and not one that found something. */
  #isClose = false;
  #isAnswer = false;
  #sizeMin = -1;
  #sizeMax = 2 ** 30;
  #sizes = 0;
  #logMean = 0;
  #logSquares = 0;
  #fields: KnownFields = unknownFields;
  #odds: SignOdds | undefined;

  /** Results that were looked at so far. */
  get count(): number {
    return this.#count;
  }

  /** So many of the next results are looked at closely. To be called every second or so. */
  refill(closeLooks: number): void {
    if (this.#credit < closeLooks) this.#credit = closeLooks;
  }

  /** False: fine. True: `explain` it. */
  look(value: unknown): boolean {
    this.#count += 1;
    if (this.#credit > 0) {
      this.#credit -= 1;
      this.#isClose = true;
      return true;
    }
    if ((this.#count & (closeEvery - 1)) === 0) {
      this.#isClose = true;
      return true;
    }
    switch (typeof value) {
      case "string": {
        const size = value.length;
        if (size === 0) return (this.#minded & sign.empty) !== 0;
        if (size < this.#sizeMin || size > this.#sizeMax) return true;
        return (this.#kinds & kind.string) === 0 || (size <= shortText && isSuspiciousText(value));
      }
      case "number":
        return Number.isNaN(value) || (this.#kinds & kind.number) === 0;
      case "object":
        return this.#lookAtObject(value);
      case "undefined":
        return (this.#minded & sign.undefined) !== 0;
      case "boolean":
        return (this.#kinds & kind.boolean) === 0;
      default:
        return false;
    }
  }

  #lookAtObject(value: object | null): boolean {
    if (value === null) return (this.#minded & sign.null) !== 0;
    if (Array.isArray(value)) {
      const size = value.length;
      if (size === 0) return (this.#minded & sign.empty) !== 0;
      return size < this.#sizeMin || size > this.#sizeMax || (this.#kinds & kind.array) === 0;
    }
    if ((this.#kinds & kind.binary) !== 0 && ArrayBuffer.isView(value)) {
      const size = value.byteLength;
      if (size === 0) return (this.#minded & sign.empty) !== 0;
      return size < this.#sizeMin || size > this.#sizeMax;
    }
    return this.#isAnswer && mayCarryError(value);
  }

  /** Learns from a result for which `look` said true, and says whether it is suspicious. */
  explain(value: unknown): Suspicion | undefined {
    const isClose = this.#isClose;
    this.#isClose = false;
    try {
      if (isClose) this.#closely += 1;
      if (this.#count > countMax) this.#halve();
      const close = lookDeep(value, this.#fields);
      const signs = this.#temper(close.signs | this.#signsOf(value));
      const everyLook = this.#everyLookSigns(value);
      const told = signs === 0 ? undefined : this.#weigh(signs, { everyLook, isClose });
      // What is usual by now is learned, so that a new normal ends up as one.
      const isUsual = (signs & this.#minded) === 0;
      if (isUsual || this.#count <= lessons || told !== undefined) this.#learn(value);
      return told && this.#tell(told, value, close.details);
    } catch {
      // A proxy that throws when it is looked at: it is the caller's, and was the caller's wish.
      return undefined;
    }
  }

  /** Signs that every look would see at a value like this one. */
  #everyLookSigns(value: unknown): number {
    const known = sign.undefined | sign.null | sign.tooLarge | sign.tooSmall;
    if (typeof value === "string") {
      const words = sign.placeholder | sign.errorText | sign.prose;
      return known | sign.empty | sign.otherKind | (value.length <= shortText ? words : 0);
    }
    if (typeof value === "number") return known | sign.notANumber | sign.otherKind;
    if (Array.isArray(value)) return known | sign.empty | sign.otherKind;
    if (ArrayBuffer.isView(value)) return known | sign.empty;
    return this.#isAnswer ? known | sign.errorInSuccess | sign.errorField : known;
  }

  #signsOf(value: unknown): number {
    if (value === undefined) return sign.undefined;
    if (value === null) return sign.null;
    if (typeof value === "number" && Number.isNaN(value)) return sign.notANumber;
    let signs = (kindOf(value) & this.#kinds) === 0 && this.#kinds !== 0 ? sign.otherKind : 0;
    const size = sizeOf(value);
    if (size === 0) signs |= sign.empty;
    else if (size !== undefined && size < this.#sizeMin) signs |= sign.tooSmall;
    else if (size !== undefined && size > this.#sizeMax) signs |= sign.tooLarge;
    return signs;
  }

  /** Where prose is usual, an error or a placeholder in it may well be its subject. */
  #temper(signs: number): number {
    const words = sign.placeholder | sign.errorText;
    if ((signs & words) === 0 || this.#sizes < sizesMin || this.#logMean < proseLog) return signs;
    return (signs & ~words) | sign.prose;
  }

  #weigh(signs: number, { everyLook, isClose }: Seen): Sighting | undefined {
    this.#odds ??= new SignOdds();
    let told: Sighting | undefined;
    for (const name of signNames) {
      if ((signs & sign[name]) === 0) continue;
      const isEveryLook = (everyLook & sign[name]) !== 0;
      if (!isEveryLook && !isClose) continue;
      const count = isEveryLook ? this.#count : this.#closely;
      const sighting: Sighting = { name, isEveryLook, count };
      if (this.#odds.note(sighting)) told ??= sighting;
      const isUsual = this.#odds.isUsual(sighting);
      this.#minded = isUsual ? this.#minded & ~sign[name] : this.#minded | sign[name];
    }
    return told;
  }

  #learn(value: unknown): void {
    this.#kinds |= kindOf(value);
    const size = sizeOf(value);
    if (size !== undefined && size > 0) this.#learnSize(Math.log2(size));
    if (isPlain(value)) this.#isAnswer ||= claimsSuccess(value);
    this.#fields = learnFields(value, this.#fields, this.#closely <= fieldLessons);
  }

  /** Welford's mean and squares, forgetting slowly: after a while the newest 4096 count. */
  #learnSize(log: number): void {
    this.#sizes = Math.min(this.#sizes + 1, 4096);
    const delta = log - this.#logMean;
    this.#logMean += delta / this.#sizes;
    const kept = this.#sizes === 4096 ? 1 - 1 / 4096 : 1;
    this.#logSquares = this.#logSquares * kept + delta * (log - this.#logMean);
    if (this.#sizes < sizesMin) return;
    const deviation = Math.sqrt(this.#logSquares / this.#sizes);
    const spread = Math.max(spreadMin, deviations * deviation);
    this.#sizeMin = Math.floor(2 ** (this.#logMean - spread));
    this.#sizeMax = Math.ceil(2 ** Math.min(30, this.#logMean + spread));
  }

  #tell(sighting: Sighting, value: unknown, details: Suspicion["evidence"]): Suspicion {
    const { name, count: of } = sighting;
    const seen = this.#odds?.seen(sighting) ?? 1;
    const size = sizeOf(value);
    const usual = this.#sizes >= sizesMin ? Math.round(2 ** this.#logMean) : undefined;
    const times = seen === 1 ? "the first" : `one of ${seen}`;
    return {
      sign: name,
      reason: `a result that ${signNature[name].what}: ${times} in ${of} results`,
      evidence: {
        ...details,
        seen,
        of,
        usualKinds: kindNames(this.#kinds),
        ...(size === undefined ? {} : { size }),
        ...(usual === undefined ? {} : { usualSize: usual }),
      },
    };
  }

  #halve(): void {
    this.#count >>= 1;
    this.#closely >>= 1;
    this.#odds?.halve();
  }
}

function mayCarryError(value: object): boolean {
  const { error, errors, body, data } = value as Record<string, unknown>;
  const hasPlace = error ?? errors ?? body ?? data;
  return hasPlace !== undefined && hasPlace !== null && carriedError(value as Plain) !== undefined;
}

/** Eight fields of the first few objects, and which of them every one had. */
function learnFields(value: unknown, known: KnownFields, mayAdd: boolean): KnownFields {
  let { outer, always, inner } = known;
  if (isPlain(value)) {
    if (outer.length === 0) {
      outer = fieldsOf(value);
      always = (1 << outer.length) - 1;
    }
    always &= presence(value, outer);
    if (mayAdd) outer = [...new Set([...outer, ...fieldsOf(value)])].slice(0, fieldsMax);
  }
  if (inner.length === 0) inner = fieldsOf(innerOf(value, outer));
  const isSame =
    outer.length === known.outer.length &&
    always === known.always &&
    inner.length === known.inner.length;
  return isSame ? known : { outer, always, inner };
}

function kindNames(kinds: number): readonly string[] {
  return Object.entries(kind).flatMap(([name, bit]) => ((kinds & bit) === 0 ? [] : [name]));
}
