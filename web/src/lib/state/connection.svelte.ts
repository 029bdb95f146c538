/** Routes events of the node to the stores, and reads everything again after a gap. */

import { EventStream, type EventMap, type EventType } from '../api/events';
import { me as meApi } from '../api/client';
import type { Id } from '../api/types';
import { t } from '../i18n/index.svelte';
import { chatRequests } from './chatRequests.svelte';
import { members } from './members.svelte';
import { notify } from './notifications';
import { ownerships } from './ownership.svelte';
import { servers } from './servers.svelte';
import { session } from './session.svelte';
import { timelines } from './timeline.svelte';
import { safeName } from '../model/names';
import { toasts } from './toasts.svelte';
import { typing } from './typing.svelte';
import { view } from './view.svelte';

const RESYNC_DELAY_MS = 300;

type Handlers = { [K in EventType]: (data: EventMap[K]) => void };

class Connection {
  /** Null until the first attempt has ended. */
  online = $state<boolean | null>(null);
  /** Servers that I was removed from while I looked at them. */
  removed = $state.raw<{ id: Id; name: string; reason: string | null; wasIn: boolean } | null>(null);
  #stream: EventStream | null = null;
  #resync: ReturnType<typeof setTimeout> | undefined;
  #wasOnline = false;

  start(): void {
    this.#stream?.stop();
    this.#stream = new EventStream({
      event: (type, data) => this.#handlers[type]?.(data as never),
      open: (open) => this.#opened(open),
      gap: () => this.#scheduleResync(),
    });
    this.#stream.start();
  }

  stop(): void {
    this.#stream?.stop();
    this.#stream = null;
  }

  retryNow(): void {
    this.#stream?.retryNow();
  }

  focus(channelId: Id | null): void {
    this.#stream?.focus(channelId);
  }

  #opened(open: boolean): void {
    this.online = open;
    if (open && this.#wasOnline) this.#scheduleResync();
    if (open) this.#wasOnline = true;
    // A refused token looks like a lost connection: ask, and the refusal locks the app.
    else void meApi.get().catch(() => {});
  }

  #scheduleResync(): void {
    clearTimeout(this.#resync);
    this.#resync = setTimeout(() => {
      for (const id of servers.details.keys()) void servers.load(id);
      for (const id of ownerships.of.keys()) void ownerships.load(id);
      members.refreshAll();
      timelines.refreshAll();
    }, RESYNC_DELAY_MS);
  }

  readonly #handlers: Handlers = {
    ready: ({ me, servers: list }) => {
      session.me = me;
      servers.replaceAll(list);
      if (me.created) void chatRequests.load();
    },
    'me.updated': (me) => (session.me = me),
    'server.added': (summary) => servers.putSummary(summary),
    'server.updated': (server) => {
      servers.put(server);
      view.ensureChannel(server);
    },
    'server.removed': ({ id, reason, was_member }) => this.#serverRemoved(id, reason, was_member),
    'server.state': ({ id, state }) => servers.setState(id, state),
    'channel.updated': (channel) => {
      servers.putChannel(channel);
      const server = servers.details.get(channel.server_id);
      if (server !== undefined) view.ensureChannel(server);
    },
    'channel.removed': ({ id, server_id }) => {
      servers.removeChannel(server_id, id);
      timelines.forget(id);
      const server = servers.details.get(server_id);
      if (server !== undefined) view.ensureChannel(server);
    },
    'member.updated': ({ server_id, member }) => members.put(server_id, member),
    'member.removed': ({ server_id, id }) => members.remove(server_id, id),
    'message.created': (message) => {
      timelines.peek(message.channel_id)?.receive(message);
      typing.stopped(message.channel_id, message.author_id);
      notify(message);
    },
    'message.updated': (message) => timelines.peek(message.channel_id)?.update(message),
    'message.deleted': ({ id, channel_id }) => timelines.peek(channel_id)?.tombstone(id),
    'message.delivery': ({ id, channel_id, delivery }) => timelines.peek(channel_id)?.delivery(id, delivery),
    typing: ({ channel_id, member_id, name, until_ms }) => typing.receive(channel_id, { id: member_id, name, untilMs: until_ms }),
    presence: ({ server_id, member_id, presence }) => members.presence(server_id, member_id, presence),
    unread: ({ server_id, channel_id, ...patch }) => servers.setUnread(server_id, channel_id, patch),
    'ownership.updated': ({ server_id, ownership }) => {
      ownerships.put(server_id, ownership);
      if (ownership?.mine === true && ownership.claims.length > 0) toasts.show(t('claim.toast', { name: servers.summaries.get(server_id)?.name ?? '' }), 'warn');
    },
    'server.lost': ({ server_id, unseen, entry }) => {
      const server = servers.details.get(server_id);
      if (server !== undefined) servers.put({ ...server, lost_unseen: unseen });
      if (entry?.own === true) toasts.show(t('lost.toast', { name: safeName(servers.summaries.get(server_id)?.name ?? '') }), 'warn');
    },
    'successors.updated': ({ server_id }) => {
      void ownerships.loadSuccessors(server_id);
      toasts.show(t('successor.toast', { name: servers.summaries.get(server_id)?.name ?? '' }));
    },
    'reports.updated': ({ server_id, open, report }) => {
      const server = servers.details.get(server_id);
      if (server !== undefined) servers.put({ ...server, reports_open: open });
      if (report !== null) toasts.show(t('report.toast', { who: safeName(report.from.name), whom: safeName(report.about.name), name: safeName(servers.summaries.get(server_id)?.name ?? '') }), 'warn');
    },
    'chat.requested': () => void chatRequests.load(),
    'blob.ready': ({ hash }) => timelines.fileArrived(hash),
    notice: ({ level, text }) => toasts.show(text, level),
  };

  #serverRemoved(id: Id, reason: string | null, wasIn: boolean): void {
    const name = servers.summaries.get(id)?.name ?? '';
    servers.remove(id);
    members.forget(id);
    if (view.serverId === id) {
      this.removed = { id, name, reason, wasIn };
      view.gone(id);
    } else if (name !== '') {
      toasts.show(t('removed.toast', { name }), 'warn');
    }
  }
}

export const connection = new Connection();
