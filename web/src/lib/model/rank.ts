/** The hierarchy: who may act on whom. */

import type { Id, Member, Role, Server } from '../api/types';
import { allows, bits, type Permission } from './permissions';

/** Rank of somebody who owns the server; above every role. */
export const OWNER_RANK = Number.MAX_SAFE_INTEGER;

type Ranked = Pick<Server, 'owner_id' | 'roles'>;

/** Returns the highest rank among the roles; 0 is @everyone. */
export function rankOf(server: Ranked, member: Pick<Member, 'id' | 'roles' | 'owner'>): number {
  if (member.owner || member.id === server.owner_id) return OWNER_RANK;
  return server.roles.reduce((rank, role) => (member.roles.includes(role.id) ? Math.max(rank, role.rank) : rank), 0);
}

/** Returns the rank of the person in front of the screen. */
export function myRank(server: Server): number {
  return rankOf(server, { id: server.me_member_id, roles: server.my_roles, owner: server.owner_id === server.me_member_id });
}

/** Tells whether I hold the permission and stand strictly above the member. */
export function mayActOn(server: Server, member: Member, permission: Permission): boolean {
  if (member.id === server.me_member_id || member.owner) return false;
  return allows(server.my_permissions, permission) && myRank(server) > rankOf(server, member);
}

/** Tells whether I may edit, sort or grant the role. */
export function mayManageRole(server: Server, role: Role): boolean {
  return allows(server.my_permissions, 'MANAGE_ROLES') && myRank(server) > role.rank;
}

/** Tells whether I may put this permission into a role or an overwrite: only what I have myself. */
export function mayGrant(server: Server, permission: Permission): boolean {
  return allows(server.my_permissions, permission);
}

/** Returns roles from the highest to the lowest, @everyone last. */
export function rolesByRank(server: Ranked & { id: Id }): Role[] {
  return [...server.roles].sort((a, b) => b.rank - a.rank || (a.id < b.id ? -1 : 1));
}

/** Tells whether a timeout runs now; owners and administrators cannot be timed out. */
export function isTimedOut(member: Pick<Member, 'timeout_until_ms'>, nowMs: number): boolean {
  return member.timeout_until_ms !== null && member.timeout_until_ms > nowMs;
}

/** Tells whether the member is exempt from timeouts. */
export function isTimeoutExempt(server: Ranked & { id: Id }, member: Member): boolean {
  if (member.owner) return true;
  const set = server.roles.filter((r) => r.id === server.id || member.roles.includes(r.id)).reduce((all, r) => all | bits(r.permissions), 0n);
  return allows(String(set), 'ADMINISTRATOR');
}
