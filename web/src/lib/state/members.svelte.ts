/** Members of a server, read in pages so that a large server opens at once. */

import { untrack } from 'svelte';
import { members as api } from '../api/client';
import type { Id, Member, Presence } from '../api/types';
import { Shelf } from './shelf.svelte';

const PAGE = 100;
/** Read without being asked; more follow when the list is scrolled. */
const EAGER_MAX = 600;

export class MemberList {
  byId = new Shelf<Id, Member>();
  total = $state(0);
  complete = $state(false);
  failed = $state(false);
  #after: Id | undefined;
  #busy = false;

  constructor(readonly serverId: Id) {}

  async start(): Promise<void> {
    while (!this.complete && !this.failed && this.byId.size < EAGER_MAX) await this.more();
  }

  async more(): Promise<void> {
    if (this.#busy || this.complete) return;
    this.#busy = true;
    try {
      const page = await api.list(this.serverId, { limit: PAGE, after: this.#after });
      this.byId.setAll(page.members.map((m) => [m.id, m]));
      this.total = page.total;
      const last = page.members.at(-1);
      // The node may give shorter pages than were asked for: only an empty one, or the count, ends the list.
      this.complete = last === undefined || last.id === this.#after || this.byId.size >= page.total;
      this.#after = last?.id;
      this.failed = false;
    } catch {
      this.failed = true;
    } finally {
      this.#busy = false;
    }
  }

  async refresh(): Promise<void> {
    this.#after = undefined;
    this.complete = false;
    this.failed = false;
    const before = new Set(this.byId.keys());
    const page = await api.list(this.serverId, { limit: PAGE }).catch(() => null);
    if (page === null) return;
    if (page.members.length >= page.total) {
      for (const member of page.members) before.delete(member.id);
      for (const gone of before) this.byId.delete(gone);
    }
    await this.start();
  }

  /** Returns a member, asking the node when it is not known yet. */
  async get(id: Id): Promise<Member | null> {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    const member = await api.get(this.serverId, id).catch(() => null);
    if (member !== null) this.byId.set(id, member);
    return member;
  }
}

class Members {
  #lists = new Map<Id, MemberList>();

  of(serverId: Id): MemberList {
    const known = this.#lists.get(serverId);
    if (known !== undefined) return known;
    // Components ask inside their derivations: the new signals must not count as made there.
    return untrack(() => {
      const list = new MemberList(serverId);
      this.#lists.set(serverId, list);
      void list.start();
      return list;
    });
  }

  put(serverId: Id, member: Member): void {
    const list = this.#lists.get(serverId);
    if (list === undefined) return;
    if (!list.byId.has(member.id)) list.total += 1;
    list.byId.set(member.id, member);
  }

  remove(serverId: Id, id: Id): void {
    const list = this.#lists.get(serverId);
    if (list?.byId.delete(id) === true) list.total = Math.max(0, list.total - 1);
  }

  presence(serverId: Id, id: Id, presence: Presence): void {
    const list = this.#lists.get(serverId);
    const member = list?.byId.get(id);
    if (list !== undefined && member !== undefined) list.byId.set(id, { ...member, presence });
  }

  forget(serverId: Id): void {
    this.#lists.delete(serverId);
  }

  refreshAll(): void {
    for (const list of this.#lists.values()) void list.refresh();
  }
}

export const members = new Members();
