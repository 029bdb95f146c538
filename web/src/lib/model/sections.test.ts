import { describe, expect, it } from 'vitest';
import type { Member, Role } from '../api/types';
import { memberRows, memberSections } from './sections';

const role = (id: string, rank: number, hoist: boolean) => ({ id, name: id, rank, hoist }) as Role;
const member = (name: string, roles: string[], presence: Member['presence']) => ({ id: name, name, roles, presence }) as Member;

describe('the member list', () => {
  const roles = [role('everyone', 0, true), role('mod', 1, true), role('admin', 2, true), role('plain', 3, false)];

  it('sorts by the highest hoisted role, then online, then offline', () => {
    const sections = memberSections(
      [member('z', ['mod'], 'online'), member('b', ['mod', 'admin'], 'idle'), member('a', ['plain'], 'dnd'), member('c', ['admin'], 'offline'), member('A', ['mod'], 'online')],
      roles,
      'everyone',
    );
    expect(sections.map((s) => [s.key, s.members.map((m) => m.name)])).toEqual([
      ['admin', ['b']],
      ['mod', ['A', 'z']],
      ['online', ['a']],
      ['offline', ['c']],
    ]);
    expect(memberRows(sections)).toHaveLength(9);
  });
});
