/** Where the person is: server, channel, side panel, and which pane a narrow screen shows. */

import type { Id, Message, Server } from '../api/types';
import { flatChannels } from '../model/order';
import { channelMarker } from '../model/unread';
import { prefs } from './prefs.svelte';
import { servers } from './servers.svelte';
import { timelines } from './timeline.svelte';

export type Pane = 'nav' | 'chat' | 'side';
export type Side = 'members' | 'search' | 'none';

class View {
  serverId = $state<Id | null>(null);
  channelId = $state<Id | null>(null);
  pane = $state<Pane>('chat');
  searching = $state(false);
  /** What is searched for. */
  question = $state('');
  replyTo = $state.raw<Message | null>(null);
  editing = $state.raw<Id | null>(null);
  #lastChannel = new Map<Id, Id>();

  server = $derived(this.serverId === null ? null : (servers.details.get(this.serverId) ?? null));
  channel = $derived(this.server?.channels.find((c) => c.id === this.channelId && c.kind !== 'category') ?? null);
  timeline = $derived(this.channel === null ? null : timelines.of(this.channel.id));
  side: Side = $derived(this.searching ? 'search' : prefs.value.membersHidden || this.server?.kind === 'chat' ? 'none' : 'members');

  /** Goes home, where the friend chats are. */
  home(): void {
    this.#set(null, null);
    this.pane = 'nav';
  }

  async openServer(id: Id): Promise<void> {
    const keepPane = this.serverId === id;
    this.#set(id, this.#lastChannel.get(id) ?? null);
    if (!keepPane) this.pane = 'nav';
    const server = servers.details.get(id) ?? (await servers.load(id));
    if (server === null || this.serverId !== id) return;
    this.ensureChannel(server);
    if (server.kind === 'chat') this.pane = 'chat';
  }

  /** Picks a channel when none is chosen or the chosen one is gone. */
  ensureChannel(server: Server): void {
    if (this.serverId !== server.id) return;
    const channels = flatChannels(server.channels);
    if (channels.some((c) => c.id === this.channelId)) return;
    this.#set(server.id, channels[0]?.id ?? null);
  }

  async openChannel(serverId: Id, channelId: Id): Promise<void> {
    this.#set(serverId, channelId);
    this.pane = 'chat';
    if (!servers.details.has(serverId)) await servers.load(serverId);
  }

  async openMessage(message: Pick<Message, 'id' | 'server_id' | 'channel_id'>): Promise<void> {
    await this.openChannel(message.server_id, message.channel_id);
    await timelines.of(message.channel_id).jumpTo(message.id);
  }

  /** Moves to the next channel up or down, optionally only to unread ones. */
  step(by: 1 | -1, unreadOnly: boolean): void {
    const server = this.server;
    if (server === null) return;
    const list = flatChannels(server.channels);
    const from = list.findIndex((c) => c.id === this.channelId);
    for (let i = 1; i <= list.length; i += 1) {
      const channel = list[(from + by * i + list.length * 2) % list.length];
      if (channel !== undefined && (!unreadOnly || channelMarker(channel).unread)) {
        void this.openChannel(server.id, channel.id);
        return;
      }
    }
  }

  /** Moves to the next server of the rail. */
  stepServer(by: 1 | -1): void {
    const ids = servers.rail.map((s) => s.id);
    if (ids.length === 0) return;
    const from = this.serverId === null ? (by === 1 ? -1 : 0) : ids.indexOf(this.serverId);
    const next = ids[(from + by + ids.length) % ids.length];
    if (next !== undefined) void this.openServer(next);
  }

  /** Leaves a server that is gone. */
  gone(serverId: Id): void {
    if (this.serverId === serverId) this.home();
  }

  /** Goes where the address says, for reload and the back button. */
  fromHash(hash: string): void {
    const match = /^#\/([0-9a-f]{64})(?:\/([0-9a-f]{64}))?$/u.exec(hash);
    const [serverId, channelId] = [match?.[1], match?.[2]];
    if (serverId === undefined || !servers.summaries.has(serverId)) {
      if (this.serverId !== null) this.home();
    } else if (channelId !== undefined) {
      if (this.channelId !== channelId) void this.openChannel(serverId, channelId).then(() => this.server && this.ensureChannel(this.server));
    } else if (this.serverId !== serverId) {
      void this.openServer(serverId);
    }
  }

  #set(serverId: Id | null, channelId: Id | null): void {
    if (this.channelId !== channelId) {
      this.replyTo = null;
      this.editing = null;
    }
    this.serverId = serverId;
    this.channelId = channelId;
    if (serverId !== null && channelId !== null) this.#lastChannel.set(serverId, channelId);
    const hash = serverId === null ? '#/' : channelId === null ? `#/${serverId}` : `#/${serverId}/${channelId}`;
    if (location.hash !== hash) history.pushState(null, '', hash);
  }
}

export const view = new View();
