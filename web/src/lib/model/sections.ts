/** The member list: hoisted roles from the highest, then online, then offline. */

import type { Id, Member, Role } from '../api/types';
import { compareText } from './order';

export interface Section {
  key: string;
  role: Role | null;
  online: boolean;
  members: Member[];
}

export type MemberRow = { kind: 'title'; key: string; section: Section } | { kind: 'member'; key: string; member: Member };

/** Tells whether the presence counts as being here. */
export function isOnline(member: Pick<Member, 'presence'>): boolean {
  return member.presence !== 'offline';
}

/** Sorts members into their sections. */
export function memberSections(members: readonly Member[], roles: readonly Role[], everyoneId: Id): Section[] {
  const hoisted = roles.filter((r) => r.hoist && r.id !== everyoneId).sort((a, b) => b.rank - a.rank);
  const sections = new Map<string, Section>();
  for (const role of hoisted) sections.set(role.id, { key: role.id, role, online: true, members: [] });
  sections.set('online', { key: 'online', role: null, online: true, members: [] });
  sections.set('offline', { key: 'offline', role: null, online: false, members: [] });
  for (const member of members) {
    const role = isOnline(member) ? hoisted.find((r) => member.roles.includes(r.id)) : undefined;
    const key = isOnline(member) ? (role?.id ?? 'online') : 'offline';
    sections.get(key)?.members.push(member);
  }
  const filled = [...sections.values()].filter((s) => s.members.length > 0);
  for (const section of filled) section.members.sort(byName);
  return filled;
}

/** Flattens the sections into rows for the virtual list. */
export function memberRows(sections: readonly Section[]): MemberRow[] {
  return sections.flatMap((section) => [
    { kind: 'title' as const, key: `title:${section.key}`, section },
    ...section.members.map((member) => ({ kind: 'member' as const, key: member.id, member })),
  ]);
}

function byName(a: Member, b: Member): number {
  return compareText(a.name.toLocaleLowerCase(), b.name.toLocaleLowerCase()) || compareText(a.id, b.id);
}
