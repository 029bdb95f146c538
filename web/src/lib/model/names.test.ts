import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelSlug, idHues, initials, isolated, safeName, VISIBLE_CONTROL } from './names';

describe('names', () => {
  it('make direction tricks visible', () => {
    expect(safeName('ab\u202Egnp.exe')).toBe(`ab${VISIBLE_CONTROL}gnp.exe`);
    for (const control of ['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069']) expect(safeName(`a${control}b`)).toBe(`a${VISIBLE_CONTROL}b`);
  });

  it('drop what cannot be seen and never become empty', () => {
    expect(safeName('\u0000a\ufeffb\u2060')).toBe('ab');
    expect(safeName('\u3164')).toBe('\u2026');
    expect(safeName('   ')).toBe('\u2026');
  });

  it('keep honest right-to-left names and emoji as they are', () => {
    for (const name of ['אבי כהן', 'علي', '👩‍👩‍👧', 'Zsófia']) expect(safeName(name)).toBe(name);
  });

  it('cannot carry a direction change into the sentence around them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const inner = isolated(name).slice(1, -1);
        expect(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(inner)).toBe(false);
      }),
    );
  });

  it('limit piled-up marks', () => {
    expect(safeName(`a${'\u0301'.repeat(50)}`).length).toBeLessThan(8);
  });

  it('give initials, slugs and stable hues', () => {
    expect(initials('Ada Lindqvist')).toBe('AL');
    expect(initials('👾')).toBe('👾');
    expect(channelSlug('Show  And Tell')).toBe('show-and-tell');
    expect(idHues('abc')).toEqual(idHues('abc'));
  });
});
