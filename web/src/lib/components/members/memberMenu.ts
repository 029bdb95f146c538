/** What a person can do with a member; only what permissions and rank allow. */

import type { Id, Member, Server } from '../../api/types';
import { copyText } from '../../actions/copy';
import { t } from '../../i18n/index.svelte';
import { safeName } from '../../model/names';
import { allows } from '../../model/permissions';
import { isTimedOut, isTimeoutExempt, mayActOn } from '../../model/rank';
import { members as api } from '../../api/client';
import { dialogs } from '../../state/dialogs.svelte';
import { anchorOf, floating, type MenuItem } from '../../state/menu.svelte';
import { attempt } from '../../state/toasts.svelte';

export interface MemberRights {
  rename: boolean;
  timeout: boolean;
  kick: boolean;
  ban: boolean;
}

/** Tells what I may do with the member. */
export function memberRights(server: Server, member: Member): MemberRights {
  const self = member.id === server.me_member_id;
  return {
    rename: self ? allows(server.my_permissions, 'CHANGE_NICKNAME') : mayActOn(server, member, 'MANAGE_NICKNAMES'),
    timeout: mayActOn(server, member, 'MODERATE_MEMBERS') && !isTimeoutExempt(server, member),
    kick: mayActOn(server, member, 'KICK_MEMBERS'),
    ban: mayActOn(server, member, 'BAN_MEMBERS'),
  };
}

/** Returns the moderation entries that I am allowed. */
export function moderationItems(server: Server, member: Member): MenuItem[] {
  const rights = memberRights(server, member);
  const items: MenuItem[] = [];
  const serverId = server.id;
  const name = safeName(member.name);
  if (rights.timeout) {
    items.push(
      isTimedOut(member, Date.now())
        ? { kind: 'action', label: t('member.endTimeout'), icon: 'hourglass', act: () => void attempt(() => api.patch(serverId, member.id, { timeout_until_ms: null })) }
        : { kind: 'action', label: t('member.timeout', { name }), icon: 'hourglass', danger: true, act: () => dialogs.open({ kind: 'moderate', serverId, member, act: 'timeout' }) },
    );
  }
  if (rights.kick) items.push({ kind: 'action', label: t('member.kick', { name }), icon: 'kick', danger: true, act: () => dialogs.open({ kind: 'moderate', serverId, member, act: 'kick' }) });
  if (rights.ban) items.push({ kind: 'action', label: t('member.ban', { name }), icon: 'ban', danger: true, act: () => dialogs.open({ kind: 'moderate', serverId, member, act: 'ban' }) });
  return items;
}

/** Moderation entries that I am not allowed, for whoever moderates at all: choosing one tells why not. */
export function barredItems(server: Server, member: Member): MenuItem[] {
  const rights = memberRights(server, member);
  const moderates = (['KICK_MEMBERS', 'BAN_MEMBERS', 'MODERATE_MEMBERS'] as const).some((p) => allows(server.my_permissions, p));
  if (!moderates || member.id === server.me_member_id) return [];
  const name = safeName(member.name);
  const acts = [
    ['timeout', t('member.timeout', { name })],
    ['kick', t('member.kick', { name })],
    ['ban', t('member.ban', { name })],
  ] as const;
  return acts
    .filter(([act]) => !rights[act])
    .map(([action, label]): MenuItem => ({ kind: 'action', label, barred: true, act: () => whyOf(server, server.me_member_id, action, label, member.id) }));
}

/** Opens the chain behind what a member may do. */
export function whyOf(server: Server, memberId: Id, action: string, what: string, target?: Id): void {
  const query = { member: memberId, action, ...(target === undefined ? {} : { target }) };
  dialogs.open({ kind: 'why', serverId: server.id, query, what });
}

/** Opens the menu of a member at the event. */
export function memberMenu(event: MouseEvent, server: Server, member: Member): void {
  const at = anchorOf(event);
  const serverId = server.id;
  const items: MenuItem[] = [
    { kind: 'action', label: t('member.profile'), icon: 'user', act: () => floating.show({ kind: 'profile', at, serverId, memberId: member.id }) },
  ];
  if (member.id !== server.me_member_id && server.kind === 'community') {
    items.push({ kind: 'action', label: t('member.message'), icon: 'chat', act: () => dialogs.open({ kind: 'newChat', serverId, member }) });
  }
  if (memberRights(server, member).rename) items.push({ kind: 'action', label: t('member.nickname'), icon: 'edit', act: () => dialogs.open({ kind: 'nickname', serverId, member }) });
  items.push({ kind: 'separator' }, ...moderationItems(server, member), ...barredItems(server, member), { kind: 'separator' });
  if (member.id !== server.me_member_id && server.kind === 'community') {
    items.push({ kind: 'action', label: t('report.member'), icon: 'warning', danger: true, act: () => dialogs.open({ kind: 'report', serverId, memberId: member.id, name: member.name }) });
  }
  items.push({ kind: 'action', label: t('common.copyId'), icon: 'copy', act: () => void copyText(member.id) });
  floating.menu(event, safeName(member.name), items);
}
