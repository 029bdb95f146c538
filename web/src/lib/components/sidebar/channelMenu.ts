/** What a person can do with a channel; only what they are allowed to. */

import { channels as api } from '../../api/client';
import type { Channel, NotifyLevel, Server } from '../../api/types';
import { copyText } from '../../actions/copy';
import { t } from '../../i18n/index.svelte';
import { safeName } from '../../model/names';
import { allows } from '../../model/permissions';
import { dialogs } from '../../state/dialogs.svelte';
import { floating, type MenuItem } from '../../state/menu.svelte';
import { servers } from '../../state/servers.svelte';
import { attempt } from '../../state/toasts.svelte';

/** Opens the menu of a channel or category at the event. */
export function channelMenu(event: MouseEvent, server: Server, channel: Channel): void {
  floating.menu(event, safeName(channel.name), channel.kind === 'category' ? categoryItems(server, channel) : channelItems(server, channel));
}

/** Marks a channel as read up to its newest message. */
export async function markRead(channel: Channel): Promise<void> {
  if (channel.last_message_id === null) return;
  servers.setUnread(channel.server_id, channel.id, { unread: false, mentions: 0, last_read_id: channel.last_message_id });
  await attempt(() => api.read(channel.id, channel.last_message_id ?? ''));
}

/** Changes my own notification settings of a channel. */
export async function setNotify(channel: Channel, patch: { muted?: boolean; level?: NotifyLevel }): Promise<void> {
  if (await attempt(() => api.settings(channel.id, patch))) servers.putChannel({ ...channel, ...patch });
}

/** What a channel may notify of. */
export const LEVELS: readonly NotifyLevel[] = ['all', 'mentions', 'none'];

/** Returns the entries that choose the notification level. */
export function levelItems(channel: Channel): MenuItem[] {
  return [
    { kind: 'action', label: channel.muted ? t('channel.unmute') : t('channel.mute'), icon: 'bellOff', act: () => void setNotify(channel, { muted: !channel.muted }) },
    ...LEVELS.map((level): MenuItem => ({
      kind: 'action',
      label: t(`level.${level}`),
      checked: channel.level === level,
      act: () => void setNotify(channel, { level }),
    })),
  ];
}

function channelItems(server: Server, channel: Channel): MenuItem[] {
  const items: MenuItem[] = [
    { kind: 'action', label: t('channel.markRead'), icon: 'check', act: () => void markRead(channel) },
    { kind: 'separator' },
    ...levelItems(channel),
    { kind: 'separator' },
  ];
  if (allows(channel.my_permissions, 'CREATE_INSTANT_INVITE')) {
    items.push({ kind: 'action', label: t('server.invite'), icon: 'invite', act: () => dialogs.open({ kind: 'invite', serverId: server.id, channelId: channel.id }) });
  }
  items.push({ kind: 'action', label: t('channel.readers'), icon: 'key', act: () => dialogs.open({ kind: 'channelSettings', channel, page: 'readers' }) });
  return [...items, ...manageItems(server, channel), { kind: 'action', label: t('common.copyId'), icon: 'copy', act: () => void copyText(channel.id) }];
}

function categoryItems(server: Server, category: Channel): MenuItem[] {
  const items: MenuItem[] = [];
  if (allows(server.my_permissions, 'MANAGE_CHANNELS')) {
    items.push({ kind: 'action', label: t('channel.create'), icon: 'plus', act: () => dialogs.open({ kind: 'createChannel', serverId: server.id, parentId: category.id }) });
  }
  return [...items, ...manageItems(server, category), { kind: 'action', label: t('common.copyId'), icon: 'copy', act: () => void copyText(category.id) }];
}

function manageItems(server: Server, channel: Channel): MenuItem[] {
  const items: MenuItem[] = [];
  const manage = allows(channel.my_permissions, 'MANAGE_CHANNELS') && server.kind === 'community';
  if (manage || allows(channel.my_permissions, 'MANAGE_ROLES')) {
    items.push({ kind: 'action', label: t('channel.settings'), icon: 'gear', act: () => dialogs.open({ kind: 'channelSettings', channel }) });
  }
  if (manage) {
    items.push({ kind: 'action', label: t('channel.delete'), icon: 'trash', danger: true, act: () => confirmDelete(channel) });
  }
  return items;
}

/** Asks before deleting a channel. */
export function confirmDelete(channel: Channel): void {
  dialogs.open({
    kind: 'confirm',
    title: t('channel.delete.title', { name: safeName(channel.name) }),
    text: channel.kind === 'category' ? t('category.delete.text') : t('channel.delete.text'),
    confirm: t('channel.delete'),
    danger: true,
    act: () => api.remove(channel.id),
  });
}
