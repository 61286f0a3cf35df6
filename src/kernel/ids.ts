import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/**
 * Identifiers that sort by the time they were made.
 *
 * The form is that of ULID (10 characters of time, 16 of chance, Crockford base 32) behind a short
 * prefix that says what it names: `act_01JD...`.
 * I1. Ids of one generator are strictly increasing, also when the wall clock jumps back: the time
 *     part then stays at the highest time seen and the chance part is counted up.
 */
export interface Ids {
  next(prefix: string): string;
}

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const chanceLength = 16;

export function createIds(clock: Clock, random: Random): Ids {
  let lastMs = -1;
  let chance: number[] = [];
  return {
    next(prefix) {
      const nowMs = Math.max(0, Math.floor(clock.now().wallMs));
      if (nowMs > lastMs) {
        lastMs = nowMs;
        chance = freshChance(random);
      } else {
        increment(chance);
      }
      let text = "";
      for (const digit of chance) text += alphabet[digit];
      return `${prefix}_${encodeTime(lastMs)}${text}`;
    },
  };
}

function freshChance(random: Random): number[] {
  const digits: number[] = [];
  // The first digit stays in the lower half, so that counting up cannot overflow in practice.
  for (let place = 0; place < chanceLength; place += 1) {
    digits.push(Math.floor(random.next() * (place === 0 ? 16 : 32)));
  }
  return digits;
}

function increment(digits: number[]): void {
  for (let place = digits.length - 1; place >= 0; place -= 1) {
    const digit = digits[place] ?? 0;
    if (digit < 31) {
      digits[place] = digit + 1;
      return;
    }
    digits[place] = 0;
  }
}

function encodeTime(ms: number): string {
  let rest = ms;
  let text = "";
  for (let place = 0; place < 10; place += 1) {
    text = alphabet[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
