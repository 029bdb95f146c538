import { describe, expect, it } from 'vitest';
import type { Member, Role, Server } from '../api/types';
import { ALL_PERMISSIONS, mask } from './permissions';
import { isTimeoutExempt, mayActOn, mayManageRole, myRank, OWNER_RANK, rankOf } from './rank';

const role = (id: string, rank: number, permissions = 0n): Role => ({ id, name: id, color: null, hoist: false, mentionable: false, permissions: String(permissions), position: String(rank), rank });
const member = (id: string, roles: string[], owner = false): Member => ({
  id, display_name: id, nick: null, name: id, avatar: null, bio: null, roles, color: null, joined_ms: 0, timeout_until_ms: null, owner, bot: false, presence: 'online', status_text: null, online_devices: 1, pseudonym: '',
});
const server = (my_roles: string[], my_permissions: bigint): Server => ({
  id: 'everyone', name: '', icon: null, kind: 'community', owner_id: 'owner', unread: false, mentions: 0, member_count: 0, me_member_id: 'me',
  state: { connection: 'online', peers: 0, catching_up: null, reason: null }, description: '', channels: [],
  roles: [role('everyone', 0), role('low', 1), role('mid', 2), role('high', 3, mask('ADMINISTRATOR'))], my_roles, my_permissions: String(my_permissions), default_durability: 'replicated', joins_paused: false, lost_unseen: 0, reports_open: 0, checkpoint: null, checkpoint_fork: false,
});

describe('the hierarchy', () => {
  const moderator = server(['mid'], mask('BAN_MEMBERS') | mask('MANAGE_ROLES'));

  it('takes the highest role as the rank', () => {
    expect(rankOf(moderator, member('a', ['low', 'high']))).toBe(3);
    expect(rankOf(moderator, member('a', []))).toBe(0);
    expect(rankOf(moderator, member('owner', []))).toBe(OWNER_RANK);
    expect(myRank(moderator)).toBe(2);
  });

  it('allows acting only on those strictly below', () => {
    expect(mayActOn(moderator, member('a', ['low']), 'BAN_MEMBERS')).toBe(true);
    expect(mayActOn(moderator, member('a', ['mid']), 'BAN_MEMBERS')).toBe(false);
    expect(mayActOn(moderator, member('a', ['high']), 'BAN_MEMBERS')).toBe(false);
    expect(mayActOn(moderator, member('me', []), 'BAN_MEMBERS')).toBe(false);
    expect(mayActOn(moderator, member('a', ['low']), 'KICK_MEMBERS')).toBe(false);
  });

  it('binds administrators too', () => {
    const administrator = server(['mid'], ALL_PERMISSIONS);
    expect(mayActOn(administrator, member('a', ['high']), 'KICK_MEMBERS')).toBe(false);
    expect(mayActOn(administrator, member('a', ['low']), 'KICK_MEMBERS')).toBe(true);
  });

  it('allows editing only roles strictly below', () => {
    const [, low, mid] = moderator.roles;
    expect(low !== undefined && mayManageRole(moderator, low)).toBe(true);
    expect(mid !== undefined && mayManageRole(moderator, mid)).toBe(false);
  });

  it('exempts owner and administrators from timeouts', () => {
    expect(isTimeoutExempt(moderator, member('owner', [], true))).toBe(true);
    expect(isTimeoutExempt(moderator, member('a', ['high']))).toBe(true);
    expect(isTimeoutExempt(moderator, member('a', ['low']))).toBe(false);
  });
});
