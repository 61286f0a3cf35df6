/**
 * Whom to ask, where a person has said something about it. What a person says is stronger than what
 * the ring guesses from failures, and weaker than a provider that has asked to be left alone.
 *
 * W1. Ejecting never leaves nobody: where all that may be asked are ejected by a person, the ring
 *     goes on as if nothing had been said.
 */
import type { Ring, Member as RingMember } from "../../resilience/index.ts";
import type { ProviderWish } from "../operation.ts";

export function steeredOrder<A>(
  ring: Ring<A>,
  nowMs: number,
  wishOf: (name: string) => ProviderWish | undefined,
): readonly RingMember<A>[] {
  const order = ring.order(nowMs);
  const isEjected = ({ name }: RingMember<A>): boolean => wishOf(name)?.kind === "eject";
  const isPreferred = ({ name }: RingMember<A>): boolean => wishOf(name)?.kind === "prefer";
  // One that the ring only takes for ill is better than one that a person has taken out.
  const askable = ring.members.filter(
    (member) => !member.state.isHeld(nowMs) && !isEjected(member),
  );
  const serving = order.filter((member) => !isEjected(member));
  const rest = serving.length > 0 ? serving : askable.length > 0 ? askable : order;
  const first = askable.filter(isPreferred);
  return [...first, ...rest.filter((member) => !first.includes(member))];
}
