/** The catalogue is complete, and no component has words of its own. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';
import { de } from './de';
import { en } from './en';
import { format, paramsOf, type Text } from './format';

const SRC = new URL('../../', import.meta.url).pathname;
const WORD = /\p{L}{2,}/u;
const TEXT_ATTRIBUTES = new Set(['aria-label', 'title', 'placeholder', 'alt', 'label', 'hint', 'subtitle', 'legend']);

function sources(ending: string): string[] {
  return (readdirSync(SRC, { recursive: true }) as string[]).filter((f) => f.endsWith(ending)).map((f) => join(SRC, f));
}

/** Finds text that a person would read and that does not come from the catalogue. */
function literals(file: string, code = readFileSync(file, 'utf8')): string[] {
  const found: string[] = [];
  const walk = (node: unknown, attribute: string | null): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) return node.forEach((child) => walk(child, attribute));
    const n = node as { type?: string; data?: string; name?: string; value?: unknown };
    if (n.type === 'Comment' || n.type === 'StyleSheet' || n.type === 'Script') return;
    if (n.type === 'Text' && WORD.test(n.data ?? '') && (attribute === null || TEXT_ATTRIBUTES.has(attribute))) found.push(`${file}: ${n.data?.trim()}`);
    const inside = n.type === 'Attribute' || n.type === 'StyleDirective' ? (n.name ?? '') : attribute;
    for (const [key, child] of Object.entries(node)) if (key !== 'parent') walk(child, inside);
  };
  walk(parse(code, { modern: true }).fragment, null);
  return found;
}

describe('the message catalogue', () => {
  it('has the same keys in both languages', () => {
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
    expect(Object.keys(en).length).toBeGreaterThan(400);
  });

  it('has the same parameters and plural forms in both languages', () => {
    for (const [key, text] of Object.entries(en) as [keyof typeof en, Text][]) {
      expect([key, ...paramsOf(de[key])]).toEqual([key, ...paramsOf(text)]);
      expect(typeof de[key]).toBe(typeof text);
    }
  });

  it('says something for every key', () => {
    for (const catalogue of [en, de] as Record<string, Text>[]) {
      for (const text of Object.values(catalogue)) for (const form of typeof text === 'string' ? [text] : [text.one, text.other]) expect(form.trim()).not.toBe('');
    }
  });

  it('is the only source of words in components', () => {
    expect(sources('.svelte').flatMap((file) => literals(file))).toEqual([]);
  });

  it('would notice a word in a component', () => {
    expect(literals('x', '<p>Hello there</p>')).toHaveLength(1);
    expect(literals('x', '<button aria-label="Close">x</button>')).toHaveLength(1);
    expect(literals('x', '<p class="hello">{word}</p>')).toHaveLength(0);
  });

  it('has no key that nothing uses', () => {
    const code = [...sources('.svelte'), ...sources('.ts').filter((f) => !f.includes('/i18n/en/') && !f.includes('/i18n/de/') && !f.endsWith('.test.ts'))].map((f) => readFileSync(f, 'utf8')).join('\n');
    const built = [...code.matchAll(/`([\w.]*)\$\{[^}]+\}([\w.]*)`/gu)].map((m) => new RegExp(`^${(m[1] ?? '').replaceAll('.', '\\.')}[\\w:]+${(m[2] ?? '').replaceAll('.', '\\.')}$`, 'u'));
    const prefixed = built.filter((r) => /^\^[a-zA-Z]+\\\./u.test(r.source));
    const unused = Object.keys(en).filter((key) => !code.includes(`'${key}'`) && !prefixed.some((r) => r.test(key)));
    expect(unused).toEqual([]);
  });
});

describe('formatting', () => {
  it('fills holes and chooses the plural', () => {
    expect(format('Hello {name}', { name: 'Ada' }, 'en')).toBe('Hello Ada');
    expect(format({ one: '{n} peer', other: '{n} peers' }, { n: 1 }, 'en')).toBe('1 peer');
    expect(format({ one: '{n} peer', other: '{n} peers' }, { n: 1200 }, 'en')).toBe('1,200 peers');
    expect(format('{a} {b}', { a: '{b}', b: 'x' }, 'en')).toBe('{b} x');
  });
});
