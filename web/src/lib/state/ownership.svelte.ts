/** Who owns the servers that were looked at, and which claims are open. */

import { ownership as api } from '../api/client';
import type { Id, Ownership, Successors } from '../api/types';
import { Shelf } from './shelf.svelte';

class Ownerships {
  of = new Shelf<Id, Ownership>();
  successors = new Shelf<Id, Successors>();

  async load(serverId: Id): Promise<void> {
    const found = await api.get(serverId).catch(() => null);
    if (found !== null) this.of.set(serverId, found);
  }

  async loadSuccessors(serverId: Id): Promise<void> {
    const found = await api.successors(serverId).catch(() => null);
    if (found !== null) this.successors.set(serverId, found);
  }

  put(serverId: Id, ownership: Ownership | null): void {
    if (ownership === null) this.of.delete(serverId);
    else this.of.set(serverId, ownership);
  }
}

export const ownerships = new Ownerships();

/** Whether somebody waits for me: as the owner whom a claim concerns, as one who confirms, or as the heir. */
export function concernsMe(ownership: Ownership, nowMs: number): boolean {
  return ownership.claims.some((claim) => claim.may_veto || claim.may_take || (claim.may_confirm && claim.ripe_at_ms <= nowMs));
}
