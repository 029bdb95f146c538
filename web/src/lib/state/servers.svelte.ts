/** The servers I am in: summaries of all, full state of those that were opened. */

import { servers as api } from '../api/client';
import type { Channel, Id, Server, ServerState, ServerSummary } from '../api/types';
import { serverMarker, type Marker } from '../model/unread';
import { prefs } from './prefs.svelte';
import { Shelf } from './shelf.svelte';

class Servers {
  summaries = new Shelf<Id, ServerSummary>();
  details = new Shelf<Id, Server>();
  loaded = $state(false);
  #loading = new Map<Id, Promise<Server | null>>();

  /** Communities in the order of the rail. */
  rail = $derived.by(() => {
    const order = new Map(prefs.value.railOrder.map((id, index) => [id, index]));
    const place = (s: ServerSummary) => order.get(s.id) ?? order.size;
    return [...this.summaries.values()].filter((s) => s.kind === 'community').sort((a, b) => place(a) - place(b));
  });

  /** Friend chats, unread first. */
  chats = $derived.by(() =>
    [...this.summaries.values()]
      .filter((s) => s.kind === 'chat')
      .sort((a, b) => Number(b.unread) - Number(a.unread) || a.name.localeCompare(b.name)),
  );

  replaceAll(list: readonly ServerSummary[]): void {
    const ids = new Set(list.map((s) => s.id));
    for (const id of this.summaries.keys()) if (!ids.has(id)) this.remove(id);
    for (const summary of list) this.putSummary(summary);
    this.loaded = true;
  }

  putSummary(summary: ServerSummary): void {
    this.summaries.set(summary.id, summary);
    const detail = this.details.get(summary.id);
    if (detail !== undefined) this.details.set(summary.id, { ...detail, ...summary });
  }

  put(server: Server): void {
    this.details.set(server.id, server);
    const { description: _d, channels: _c, roles: _r, my_roles: _m, my_permissions: _p, default_durability: _f, joins_paused: _j, lost_unseen: _l, reports_open: _o, ...summary } = server;
    this.summaries.set(server.id, summary);
  }

  remove(id: Id): void {
    this.summaries.delete(id);
    this.details.delete(id);
  }

  /** Reads the full state of a server; parallel calls share one request. */
  load(id: Id): Promise<Server | null> {
    const running = this.#loading.get(id);
    if (running !== undefined) return running;
    const request = api
      .get(id)
      .then(
        (server) => {
          this.put(server);
          return server;
        },
        () => null,
      )
      .finally(() => this.#loading.delete(id));
    this.#loading.set(id, request);
    return request;
  }

  setState(id: Id, state: ServerState): void {
    const summary = this.summaries.get(id);
    if (summary !== undefined) this.putSummary({ ...summary, state });
  }

  putChannel(channel: Channel): void {
    const server = this.details.get(channel.server_id);
    if (server === undefined) return;
    const others = server.channels.filter((c) => c.id !== channel.id);
    this.put({ ...server, channels: [...others, channel] });
  }

  removeChannel(serverId: Id, channelId: Id): void {
    const server = this.details.get(serverId);
    if (server !== undefined) this.put({ ...server, channels: server.channels.filter((c) => c.id !== channelId) });
  }

  setUnread(serverId: Id, channelId: Id, patch: { unread: boolean; mentions: number; last_read_id: Id | null }): void {
    const server = this.details.get(serverId);
    if (server === undefined) {
      const summary = this.summaries.get(serverId);
      if (summary !== undefined && patch.unread) this.putSummary({ ...summary, unread: true, mentions: Math.max(summary.mentions, patch.mentions) });
      return;
    }
    const channel = server.channels.find((c) => c.id === channelId);
    if (channel === undefined) return;
    this.putChannel({ ...channel, unread: patch.unread, mentions: patch.mentions, last_read_id: patch.last_read_id });
  }

  channel(channelId: Id | null): Channel | null {
    if (channelId === null) return null;
    for (const server of this.details.values()) {
      const channel = server.channels.find((c) => c.id === channelId);
      if (channel !== undefined) return channel;
    }
    return null;
  }

  marker(id: Id): Marker {
    const summary = this.summaries.get(id);
    return summary === undefined ? { unread: false, mentions: 0 } : serverMarker(summary, this.details.get(id));
  }
}

export const servers = new Servers();
