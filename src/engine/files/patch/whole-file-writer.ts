/**
 * Writes by putting a whole new file in the place of the old one. The writing itself is node's own,
 * to a neighbour: so its checks, its abort and its errors are node's, too.
 *
 * O1. Whoever was called last has the last word, whichever write is ready first.
 * O2. Where no neighbour can be made (a folder closed to us), node writes as it always did.
 */
import type fs from "node:fs";
import { codeOf } from "../file-error.ts";
import { freshPath } from "../side-names.ts";
import type { Call } from "./swap.ts";
import type { WholeFilePlan } from "./whole-file-plan.ts";

export interface RealFs {
  readonly real: typeof fs;
  readonly promises: typeof fs.promises;
}

/** A place that takes the content but no second file. */
const unfit: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "EBUSY",
  "EXDEV",
  "ENAMETOOLONG",
]);

interface Order {
  called: number;
  landed: number;
  underWay: number;
}

const orders = new Map<string, Order>();

function enter(target: string): { readonly order: Order; readonly number: number } {
  const order = orders.get(target) ?? { called: 0, landed: 0, underWay: 0 };
  orders.set(target, order);
  order.called += 1;
  order.underWay += 1;
  return { order, number: order.called };
}

function leave(target: string, order: Order): void {
  order.underWay -= 1;
  if (order.underWay === 0) orders.delete(target);
}

/** `asBefore` writes as node does. */
export function writeWholeSync(
  write: Call,
  { plan, data, real, asBefore }: WholeFileWrite,
): unknown {
  const { target, keepMode, options } = plan;
  const { order, number } = enter(target);
  const fresh = freshPath(target);
  try {
    write(fresh, data, { ...options, flag: "wx" });
    if (keepMode !== undefined) real.chmodSync(fresh, keepMode);
    real.renameSync(fresh, target);
    order.landed = number;
    return undefined;
  } catch (error) {
    real.rmSync(fresh, { force: true });
    if (unfit.has(codeOf(error) ?? "")) return asBefore();
    throw retold(error, fresh, target);
  } finally {
    leave(target, order);
  }
}

export interface WholeFileWrite {
  readonly plan: WholeFilePlan;
  readonly data: unknown;
  readonly real: typeof fs;
  readonly promises: typeof fs.promises;
  readonly asBefore: () => unknown;
}

/** Keeps O1: what was asked for earlier, and is ready later, is not put in place. */
export async function writeWhole(
  write: Call,
  { plan, data, real, promises, asBefore }: WholeFileWrite,
): Promise<unknown> {
  const { target, keepMode, options } = plan;
  const { order, number } = enter(target);
  const fresh = freshPath(target);
  try {
    await write(fresh, data, { ...options, flag: "wx" });
    if (keepMode !== undefined) await promises.chmod(fresh, keepMode);
    if (order.landed > number) {
      await promises.rm(fresh, { force: true });
    } else {
      order.landed = number;
      // At once: two under way in other threads would not keep their order.
      real.renameSync(fresh, target);
    }
    return undefined;
  } catch (error) {
    await promises.rm(fresh, { force: true });
    if (unfit.has(codeOf(error) ?? "")) return await asBefore();
    throw retold(error, fresh, target);
  } finally {
    leave(target, order);
  }
}

/** The caller knows nothing of the neighbour. */
function retold(error: unknown, fresh: string, target: string): unknown {
  if (!(error instanceof Error)) return error;
  const told = error as NodeJS.ErrnoException & { dest?: string };
  if (told.path === fresh) told.path = target;
  if (told.dest === target) delete told.dest;
  error.message = error.message.replaceAll(fresh, target);
  if (error.stack !== undefined) error.stack = error.stack.replaceAll(fresh, target);
  return error;
}
