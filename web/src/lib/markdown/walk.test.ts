import { describe, expect, it } from 'vitest';
import type { MdNode } from '../api/types';
import { DEPTH_MAX, isDeceptive, isJumbo, openableUrl, plainText } from './walk';

const text = (v: string): MdNode => ({ t: 'text', v });

describe('message trees', () => {
  it('become plain text', () => {
    const tree: MdNode[] = [{ t: 'paragraph', c: [text('a '), { t: 'bold', c: [{ t: 'italic', c: [text('b')] }] }] }, { t: 'break' }, { t: 'list', ordered: true, start: 1, items: [[text('x')], [text('y')]] }];
    expect(plainText(tree)).toBe('a b\nx\ny');
  });

  it('do not follow a tree that is too deep', () => {
    let tree: MdNode = text('bottom');
    for (let i = 0; i < DEPTH_MAX + 5; i += 1) tree = { t: 'bold', c: [tree] };
    expect(plainText([tree])).toBe('');
  });

  it('survive nodes of a later version', () => {
    expect(plainText([{ t: 'sparkle', c: [text('x')] } as unknown as MdNode, { t: 'hologram' } as unknown as MdNode])).toBe('x');
  });

  it('show a few emoji large, but not text, digits or long rows', () => {
    expect(isJumbo([text('👏🔥')])).toBe(true);
    expect(isJumbo([text('👩‍👩‍👧 🇩🇪')])).toBe(true);
    expect(isJumbo([text('👏 well')])).toBe(false);
    expect(isJumbo([text('123')])).toBe(false);
    expect(isJumbo([text('👏'.repeat(9))])).toBe(false);
    expect(isJumbo([])).toBe(false);
  });
});

describe('links', () => {
  it('open only for web, mail and invites', () => {
    for (const good of ['https://example.org/a', 'http://example.org', 'mailto:a@example.org', 'conclave://join/x']) expect(openableUrl(good)).not.toBeNull();
    for (const bad of ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'blob:x', 'about:blank', 'nonsense', '//example.org']) expect(openableUrl(bad)).toBeNull();
  });

  it('are called out when the text names another host', () => {
    expect(isDeceptive('https://evil.example/', 'bank.example')).toBe(true);
    expect(isDeceptive('https://bank.example/x', 'https://bank.example')).toBe(false);
    expect(isDeceptive('https://evil.example/', 'click here')).toBe(false);
  });
});
