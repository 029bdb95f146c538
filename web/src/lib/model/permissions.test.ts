import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_PERMISSIONS, allows, bits, isNeutral, mask, PERMISSION_BITS, PERMISSION_GROUPS, triState, withPermission, withTri, type Permission } from './permissions';

const permission = fc.constantFrom(...(Object.keys(PERMISSION_BITS) as Permission[]));
const set = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String);

describe('permission sets', () => {
  it('keep bits beyond what a double holds', () => {
    expect(bits(String(1n << 51n))).toBe(mask('PIN_MESSAGES'));
    expect(allows(String((1n << 63n) | 1n), 'CREATE_INSTANT_INVITE')).toBe(true);
  });

  it('treat anything that is not a number as empty', () => {
    for (const bad of ['', 'x', '-1', '1e3', '0x8', null, undefined]) expect(bits(bad)).toBe(0n);
  });

  it('let ADMINISTRATOR do everything and nobody else', () => {
    fc.assert(fc.property(permission, (p) => allows(String(mask('ADMINISTRATOR')), p)));
    expect(allows(String(ALL_PERMISSIONS & ~mask('ADMINISTRATOR') & ~mask('BAN_MEMBERS')), 'BAN_MEMBERS')).toBe(false);
  });

  it('switch exactly one bit', () => {
    fc.assert(
      fc.property(set, permission, fc.boolean(), (s, p, on) => {
        const after = bits(withPermission(s, p, on));
        expect(after & mask(p)).toBe(on ? mask(p) : 0n);
        expect(after & ~mask(p)).toBe(bits(s) & ~mask(p));
      }),
    );
  });

  it('show every bit in exactly one group', () => {
    const shown = PERMISSION_GROUPS.flatMap((g) => g.permissions);
    expect([...shown].sort()).toEqual(Object.keys(PERMISSION_BITS).sort());
  });
});

describe('overwrites', () => {
  it('never allow and deny the same bit after an edit', () => {
    fc.assert(
      fc.property(set, set, permission, fc.constantFrom('allow' as const, 'neutral' as const, 'deny' as const), (allow, deny, p, value) => {
        const after = withTri({ allow, deny }, p, value);
        expect(triState(after, p)).toBe(value);
        expect(bits(after.allow) & bits(after.deny) & mask(p)).toBe(0n);
      }),
    );
  });

  it('are neutral only when both sets are empty', () => {
    expect(isNeutral({ allow: '0', deny: '0' })).toBe(true);
    expect(isNeutral({ allow: '0', deny: '2048' })).toBe(false);
  });
});
