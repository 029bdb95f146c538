import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contrast, hex, parseHex, readableColor } from './color';

describe('role colours', () => {
  it('are readable on both themes whatever somebody chose', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffff }), (color) => {
        const match = /^light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)$/u.exec(readableColor(color) ?? '');
        expect(match).not.toBeNull();
        expect(contrast(parseHex(match?.[1] ?? '') ?? 0, 0xe8eeec)).toBeGreaterThanOrEqual(4.5);
        expect(contrast(parseHex(match?.[2] ?? '') ?? 0, 0x1e2a2e)).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });

  it('read and write hexadecimal', () => {
    expect(hex(0x00ab0c)).toBe('#00ab0c');
    expect(parseHex('#00AB0C')).toBe(0x00ab0c);
    expect(parseHex('red')).toBeNull();
    expect(readableColor(null)).toBeNull();
  });
});
