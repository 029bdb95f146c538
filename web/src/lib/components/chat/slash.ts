/** Does what a slash command asks. */

import { members as api } from '../../api/client';
import type { Server } from '../../api/types';
import { t } from '../../i18n/index.svelte';
import { allows } from '../../model/permissions';
import { SLASH, type SlashAct, type SlashName } from '../../model/slash';
import { dialogs } from '../../state/dialogs.svelte';
import { members } from '../../state/members.svelte';
import { attempt, toasts } from '../../state/toasts.svelte';

const NEEDS = { nick: 'CHANGE_NICKNAME', invite: 'CREATE_INSTANT_INVITE', timeout: 'MODERATE_MEMBERS', kick: 'KICK_MEMBERS', ban: 'BAN_MEMBERS' } as const;

/** Returns the commands that I may use in a server. */
export function slashCommands(server: Server): SlashName[] {
  return SLASH.filter((name) => {
    if (name === 'me' || name === 'shrug') return true;
    return server.kind === 'community' && allows(server.my_permissions, NEEDS[name]);
  });
}

/** Does it; returns whether what was typed may be cleared. */
export async function doSlash(server: Server, channelId: string, slash: Exclude<SlashAct, { act: 'send' }>): Promise<boolean> {
  switch (slash.act) {
    case 'usage':
      toasts.show(t('slash.usage', { usage: t(`slash.${slash.name}.usage`) }), 'warn');
      return false;
    case 'invite':
      dialogs.open({ kind: 'invite', serverId: server.id, channelId });
      return true;
    case 'nick':
      return attempt(() => api.patch(server.id, server.me_member_id, { nick: slash.nick }));
    case 'moderate':
      return attempt(async () => {
        const member = members.of(server.id).byId.get(slash.memberId) ?? (await api.get(server.id, slash.memberId));
        dialogs.open({ kind: 'moderate', serverId: server.id, member, act: slash.how, reason: slash.reason, ...(slash.minutes === null ? {} : { minutes: slash.minutes }) });
      });
  }
}
