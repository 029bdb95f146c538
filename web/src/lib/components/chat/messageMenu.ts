/** What a person can do with a message; only what they are allowed to. */

import { channels as channelsApi, messages as api } from '../../api/client';
import type { Channel, Message, Server } from '../../api/types';
import { copyText } from '../../actions/copy';
import { t } from '../../i18n/index.svelte';
import { allows } from '../../model/permissions';
import { dialogs } from '../../state/dialogs.svelte';
import { anchorOf, floating, type MenuItem } from '../../state/menu.svelte';
import { servers } from '../../state/servers.svelte';
import { timelines } from '../../state/timeline.svelte';
import { attempt } from '../../state/toasts.svelte';
import { view } from '../../state/view.svelte';
import { toggleReaction } from './react';

export interface MessageRights {
  reply: boolean;
  react: boolean;
  edit: boolean;
  remove: boolean;
  pin: boolean;
}

/** Tells what I may do with the message. */
export function messageRights(server: Server, channel: Channel, message: Message): MessageRights {
  const mine = message.author_id === server.me_member_id;
  const live = !message.deleted && message.sort !== '' && server.state.connection !== 'removed';
  return {
    reply: live && allows(channel.my_permissions, 'SEND_MESSAGES'),
    react: live && allows(channel.my_permissions, 'ADD_REACTIONS'),
    edit: live && mine && message.kind === 'user',
    remove: live && (mine || allows(channel.my_permissions, 'MANAGE_MESSAGES')),
    pin: live && (allows(channel.my_permissions, 'PIN_MESSAGES') || allows(channel.my_permissions, 'MANAGE_MESSAGES')),
  };
}

/** Starts an answer in the composer. */
export function replyTo(message: Message): void {
  view.replyTo = message;
  document.getElementById('composer')?.focus();
}

/** Deletes a message, asking first unless Shift is held. */
export function removeMessage(message: Message, sure: boolean): void {
  const act = async () => {
    await api.remove(message.id);
    timelines.peek(message.channel_id)?.tombstone(message.id);
  };
  if (sure) void attempt(act);
  else dialogs.open({ kind: 'confirm', title: t('message.delete.title'), text: t('message.delete.text'), confirm: t('message.delete'), danger: true, act });
}

/** Opens the menu of a message at the event. */
export function messageMenu(event: MouseEvent | KeyboardEvent, server: Server, channel: Channel, message: Message): void {
  const target = event.target as HTMLElement;
  if (event instanceof MouseEvent && event.type === 'contextmenu' && (target.closest('a, textarea, input') !== null || String(getSelection() ?? '') !== '')) return;
  const rights = messageRights(server, channel, message);
  const items: MenuItem[] = [];
  const add = (item: Omit<MenuItem & { kind: 'action' }, 'kind'>) => items.push({ kind: 'action', ...item });
  if (rights.react) {
    const at = anchorOf(event);
    add({ label: t('reaction.add'), icon: 'smile', act: () => floating.show({ kind: 'emoji', at, pick: (emoji) => void toggleReaction(server, message, emoji) }) });
  }
  if (rights.reply) add({ label: t('message.reply'), icon: 'reply', act: () => replyTo(message) });
  if (rights.edit) add({ label: t('message.edit'), icon: 'edit', act: () => (view.editing = message.id) });
  if (rights.pin) add({ label: t(message.pinned ? 'message.unpin' : 'message.pin'), icon: 'pin', act: () => void attempt(() => api.pin(message.id, !message.pinned)) });
  items.push({ kind: 'separator' });
  if (!message.deleted && message.content !== '') add({ label: t('message.copyText'), icon: 'copy', act: () => void copyText(message.content) });
  if (message.sort !== '') {
    add({ label: t('message.markUnread'), icon: 'markUnread', act: () => void markUnread(channel, message) });
    add({ label: t('message.copies'), icon: 'devices', act: () => dialogs.open({ kind: 'copies', message }) });
    add({ label: t('common.copyId'), icon: 'tag', act: () => void copyText(message.id) });
  }
  items.push({ kind: 'separator' });
  if (message.author_id !== server.me_member_id && server.kind === 'community' && !message.deleted && message.sort !== '') {
    add({ label: t('report.message'), icon: 'warning', danger: true, act: () => dialogs.open({ kind: 'report', serverId: server.id, memberId: message.author_id, name: message.author_name, message }) });
  }
  if (rights.remove) add({ label: t('message.delete'), icon: 'trash', danger: true, act: () => removeMessage(message, false) });
  floating.menu(event, t('message.menu'), items);
}

async function markUnread(channel: Channel, message: Message): Promise<void> {
  if (!(await attempt(() => channelsApi.unread(channel.id, message.id)))) return;
  const timeline = timelines.peek(channel.id);
  if (timeline !== undefined) {
    timeline.firstUnreadId = message.id;
    timeline.holdUnread = true;
  }
  servers.setUnread(channel.server_id, channel.id, { unread: true, mentions: channel.mentions, last_read_id: null });
}
