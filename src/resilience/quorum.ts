/**
 * Whether a circuit is open because enough instances say so. One instance that cannot reach a
 * dependency keeps its own calls away and nobody else's; when several cannot, the others need not
 * find out one fault at a time. Pure: votes are handed in as they arrive, a call only compares two
 * numbers, and nothing is ever asked of anybody.
 *
 * Q1. Open for this instance when its own circuit is open, or when `need` of those that are heard
 *     of say open, this one included.
 * Q2. A vote counts for `staleMs` after it arrived (by this instance's own clock): an instance that
 *     is gone keeps nothing open.
 * Q3. What is sent to the others is the own circuit's verdict and never the quorum's: two instances
 *     cannot keep each other open by repeating each other.
 * Q4. At most `maxPeers` are heard of: the one that has been silent longest gives way.
 */
export interface QuorumOptions {
  /** So many must say open... */
  readonly need: number;
  /** ...and no less than this share of those that are heard of. Default 0.5. */
  readonly share?: number;
  /** Default 30 000. */
  readonly staleMs?: number;
  /** Default 1000. */
  readonly maxPeers?: number;
}

export interface QuorumVerdict {
  readonly isOpen: boolean;
  /** Instances that say open, and that are heard of; this one is in both. */
  readonly open: number;
  readonly heard: number;
  readonly reason: string;
}

interface Vote {
  readonly isOpen: boolean;
  readonly atMs: number;
}

export class Quorum {
  readonly #need: number;
  readonly #share: number;
  readonly #staleMs: number;
  readonly #maxPeers: number;
  /** The longest silent first: a vote that is renewed moves to the end. */
  readonly #votes = new Map<string, Vote>();
  #peersOpen = 0;

  constructor(options: QuorumOptions) {
    this.#need = options.need;
    this.#share = options.share ?? 0.5;
    this.#staleMs = options.staleMs ?? 30_000;
    this.#maxPeers = options.maxPeers ?? 1000;
  }

  /** What a peer says of its own circuit; `nowMs` is the monotonic time at which it was heard. */
  vote(peer: string, isOpen: boolean, nowMs: number): void {
    this.forget(peer);
    this.#expire(nowMs);
    for (const oldest of this.#votes.keys()) {
      if (this.#votes.size < this.#maxPeers) break;
      this.forget(oldest);
    }
    this.#votes.set(peer, { isOpen, atMs: nowMs });
    if (isOpen) this.#peersOpen += 1;
  }

  /** A peer that has said goodbye. */
  forget(peer: string): void {
    const vote = this.#votes.get(peer);
    if (vote === undefined) return;
    this.#votes.delete(peer);
    if (vote.isOpen) this.#peersOpen -= 1;
  }

  /** Whether the peers alone keep calls away. Hot: nothing is built. */
  isOpenByPeers(isOwnOpen: boolean, nowMs: number): boolean {
    if (this.#peersOpen === 0) return false;
    this.#expire(nowMs);
    const open = this.#peersOpen + (isOwnOpen ? 1 : 0);
    return this.#peersOpen > 0 && open >= this.#needed();
  }

  verdict(isOwnOpen: boolean, nowMs: number): QuorumVerdict {
    const isByPeers = this.isOpenByPeers(isOwnOpen, nowMs);
    this.#expire(nowMs);
    const open = this.#peersOpen + (isOwnOpen ? 1 : 0);
    const heard = this.#votes.size + 1;
    const figures = `${open} of ${heard} instances say that it is open, ${this.#needed()} are needed`;
    const reason = isOwnOpen && !isByPeers ? `the own circuit is open; ${figures}` : figures;
    return { isOpen: isOwnOpen || isByPeers, open, heard, reason };
  }

  #needed(): number {
    return Math.max(this.#need, Math.ceil(this.#share * (this.#votes.size + 1) - 1e-9));
  }

  /** The first that is fresh ends the search: votes lie in the order in which they came. */
  #expire(nowMs: number): void {
    for (const [peer, vote] of this.#votes) {
      if (nowMs - vote.atMs < this.#staleMs) return;
      this.forget(peer);
    }
  }
}
