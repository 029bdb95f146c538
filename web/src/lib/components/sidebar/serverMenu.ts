/** What a person can do with a server; only what they are allowed to. */

import { servers as api } from '../../api/client';
import type { NotifyLevel, Server, ServerSummary } from '../../api/types';
import { t } from '../../i18n/index.svelte';
import { safeName } from '../../model/names';
import { allows, type Permission } from '../../model/permissions';
import { dialogs } from '../../state/dialogs.svelte';
import { anchorOf, floating, type MenuItem } from '../../state/menu.svelte';
import { servers } from '../../state/servers.svelte';
import { attempt } from '../../state/toasts.svelte';
import { copyText } from '../../actions/copy';
import { LEVELS, setNotify } from './channelMenu';

const SETTINGS: readonly Permission[] = ['MANAGE_GUILD', 'MANAGE_ROLES', 'BAN_MEMBERS', 'VIEW_AUDIT_LOG'];

/** Opens the menu of a server at the event. */
export async function serverMenu(event: MouseEvent, summary: ServerSummary): Promise<void> {
  event.preventDefault();
  const at = anchorOf(event);
  const server = servers.details.get(summary.id) ?? (await servers.load(summary.id));
  const can = (permission: Permission) => server !== null && allows(server.my_permissions, permission);
  const owner = summary.owner_id === summary.me_member_id;
  const id = summary.id;
  const items: MenuItem[] = [
    { kind: 'action', label: t('server.markRead'), icon: 'check', act: () => void attempt(() => api.read(id)) },
  ];
  if (can('CREATE_INSTANT_INVITE')) {
    items.push({ kind: 'action', label: t('server.invite'), icon: 'invite', act: () => dialogs.open({ kind: 'invite', serverId: id }) });
  }
  items.push({ kind: 'separator' });
  items.push({
    kind: 'action',
    label: SETTINGS.some(can) ? t('server.settings') : t('server.details'),
    icon: 'gear',
    act: () => dialogs.open({ kind: 'serverSettings', serverId: id }),
  });
  if (can('MANAGE_CHANNELS') && summary.kind === 'community') {
    items.push({ kind: 'action', label: t('channel.create'), icon: 'plus', act: () => dialogs.open({ kind: 'createChannel', serverId: id, parentId: null }) });
    items.push({
      kind: 'action',
      label: t('category.create'),
      icon: 'plus',
      act: () => dialogs.open({ kind: 'createChannel', serverId: id, parentId: null, category: true }),
    });
  }
  if (server !== null) items.push({ kind: 'separator' }, ...notifyItems(server));
  items.push({ kind: 'separator' });
  items.push({ kind: 'action', label: t('common.copyId'), icon: 'copy', act: () => void copyText(id) });
  if (!owner) items.push({ kind: 'action', label: t('server.leave'), icon: 'logout', danger: true, act: () => confirmLeave(summary) });
  floating.show({ kind: 'menu', at, label: safeName(summary.name), items });
}

/** Returns the entries that choose for all channels at once what they notify of. */
function notifyItems(server: Server): MenuItem[] {
  const channels = server.channels.filter((channel) => channel.kind !== 'category');
  const silent = channels.every((channel) => channel.muted);
  const all = (patch: { muted?: boolean; level?: NotifyLevel }) => void Promise.all(channels.map((channel) => setNotify(channel, patch)));
  return [
    { kind: 'action', label: silent ? t('server.unmute') : t('server.mute'), icon: 'bellOff', act: () => all({ muted: !silent }) },
    ...LEVELS.map((level): MenuItem => ({ kind: 'action', label: t(`level.${level}`), checked: channels.every((channel) => channel.level === level), act: () => all({ level }) })),
  ];
}

/** Asks before leaving a server. */
export function confirmLeave(summary: ServerSummary): void {
  dialogs.open({
    kind: 'confirm',
    title: t('server.leave.title', { name: safeName(summary.name) }),
    text: t('server.leave.text'),
    confirm: t('server.leave'),
    danger: true,
    act: () => api.leave(summary.id),
  });
}
