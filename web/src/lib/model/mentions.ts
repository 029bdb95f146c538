/** Mentions travel as ids (`<@id>`, `<@&id>`, `<#id>`) and are written as names. */

import type { Id } from '../api/types';

export interface Mention {
  /** What stands in the composer, with its sign: `@Ada`. */
  text: string;
  /** What is sent: `<@…>`. */
  token: string;
}

export type MentionKind = 'member' | 'role' | 'channel';

const SIGN: Record<MentionKind, [string, string]> = { member: ['@', '<@'], role: ['@', '<@&'], channel: ['#', '<#'] };
const TOKEN = /<(@&|@|#)([0-9a-f]{64})>/gu;

/** Pairs the written and the sent form of a mention. */
export function mention(kind: MentionKind, id: Id, name: string): Mention {
  const [sign, open] = SIGN[kind];
  return { text: sign + name, token: `${open}${id}>` };
}

/** Replaces written names by ids; longer names win, so `@Ada Lovelace` is not cut at `@Ada`. */
export function encodeMentions(text: string, known: readonly Mention[]): string {
  if (known.length === 0) return text;
  const byText = new Map(known.map((m) => [m.text, m.token]));
  const names = [...byText.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${names.map(escapePattern).join('|')})(?![\\p{L}\\p{N}_])`, 'gu');
  return text.replace(pattern, (hit) => byText.get(hit) ?? hit);
}

/** Replaces ids by names and returns the pairs that were used. */
export function decodeMentions(content: string, nameOf: (kind: MentionKind, id: Id) => string | null): { text: string; known: Mention[] } {
  const known: Mention[] = [];
  const text = content.replace(TOKEN, (token, sign: string, id: Id) => {
    const kind: MentionKind = sign === '#' ? 'channel' : sign === '@' ? 'member' : 'role';
    const name = nameOf(kind, id);
    if (name === null) return token;
    const pair = mention(kind, id, name);
    known.push(pair);
    return pair.text;
  });
  return { text, known };
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}
