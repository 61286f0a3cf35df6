/**
 * Who serves a service, and who gets the next request. Pure: no sockets, no clock.
 *
 * The daemon *declares* a state; the proxy *observes* another (a refused connection, a passed
 * readiness poll). The phase of a member is what both make of it:
 * 1. A declaration that repeats the last one changes nothing: what was observed since stands.
 * 2. Only `serving` members are chosen; among them the least busy, in turn among equals.
 * 3. A member that is no longer declared drains and is forgotten with its last request.
 * 4. A new port under an old id is a new member: the old one is treated as rule 3 says.
 */
import type { Upstream, UpstreamReport } from "../../model/index.ts";

export interface Member {
  readonly id: string;
  readonly port: number;
  phase: UpstreamReport["state"];
  declared: Upstream["state"] | "new" | "gone";
  inFlight: number;
  served: number;
  failed: number;
  /** Number of the last choice that fell on this member; the smallest is the longest idle. */
  lastChoice: number;
}

/** What a declaration asks the proxy to do with sockets. */
export interface Changes {
  readonly joining: readonly Member[];
  readonly serving: readonly Member[];
  readonly ejected: readonly Member[];
  readonly leaving: readonly Member[];
}

const phaseOf = { join: "joining", serve: "serving", drain: "draining", eject: "ejected" } as const;

export class Upstreams {
  private members: Member[] = [];
  private choices = 0;

  /** Takes over a declaration and says whose phase changed by it. */
  declare(wanted: readonly Upstream[]): Changes {
    const changed: Member[] = [];
    const leaving = this.members.filter(
      (member) => member.declared !== "gone" && !wanted.some((one) => isSame(member, one)),
    );
    for (const member of leaving) {
      member.declared = "gone";
      if (member.phase !== "ejected") member.phase = "draining";
    }
    for (const upstream of wanted) {
      const member = this.memberFor(upstream);
      if (member.declared === upstream.state) continue;
      member.declared = upstream.state;
      member.phase = phaseOf[upstream.state];
      changed.push(member);
    }
    this.forgetIdle();
    const of = (phase: Member["phase"]) => changed.filter((member) => member.phase === phase);
    return {
      joining: of("joining"),
      serving: of("serving"),
      ejected: of("ejected"),
      leaving: [...leaving, ...of("draining")],
    };
  }

  /** The member for the next request. `avoid` is a preference: better a second time than never. */
  choose(avoid: readonly Member[] = []): Member | undefined {
    let best: Member | undefined;
    for (const member of this.members) {
      if (member.phase !== "serving" || avoid.includes(member)) continue;
      if (best === undefined || isBetter(member, best)) best = member;
    }
    if (best === undefined && avoid.length > 0) return this.choose();
    if (best !== undefined) best.lastChoice = ++this.choices;
    return best;
  }

  /** A connection was refused or cut. Returns true when the member has to prove itself again. */
  lost(member: Member): boolean {
    if (member.phase !== "serving") return false;
    member.phase = "joining";
    return true;
  }

  /** A readiness poll passed. Returns true when the member serves from now on. */
  answered(member: Member): boolean {
    if (member.phase !== "joining") return false;
    member.phase = "serving";
    return true;
  }

  begin(member: Member): void {
    member.inFlight += 1;
  }

  end(member: Member, result: "served" | "failed" | "neither"): void {
    member.inFlight -= 1;
    if (result === "served") member.served += 1;
    if (result === "failed") member.failed += 1;
    this.forgetIdle();
  }

  /** Requests under way at every instance that has this id, the forgotten counting as none. */
  inFlight(id: string): number {
    let sum = 0;
    for (const member of this.members) if (member.id === id) sum += member.inFlight;
    return sum;
  }

  reports(): readonly UpstreamReport[] {
    return this.members.map(({ id, phase, inFlight, served, failed }) => ({
      id,
      state: phase,
      inFlight,
      served,
      failed,
    }));
  }

  private memberFor(upstream: Upstream): Member {
    const known = this.members.find((member) => isSame(member, upstream));
    if (known !== undefined) return known;
    const { id, port } = upstream;
    const counters = { inFlight: 0, served: 0, failed: 0, lastChoice: 0 };
    const member: Member = { id, port, phase: "joining", declared: "new", ...counters };
    this.members.push(member);
    return member;
  }

  private forgetIdle(): void {
    if (!this.members.some(isForgettable)) return;
    this.members = this.members.filter((member) => !isForgettable(member));
  }
}

function isSame(member: Member, upstream: Upstream): boolean {
  return member.id === upstream.id && member.port === upstream.port;
}

function isBetter(one: Member, other: Member): boolean {
  if (one.inFlight !== other.inFlight) return one.inFlight < other.inFlight;
  return one.lastChoice < other.lastChoice;
}

function isForgettable(member: Member): boolean {
  return member.declared === "gone" && member.inFlight === 0;
}
