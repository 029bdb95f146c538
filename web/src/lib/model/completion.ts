/** What the composer completes: the sign under the caret and what fits it. */

export type Trigger = '@' | '#' | ':' | '/';

export interface Token {
  trigger: Trigger;
  query: string;
  /** Where the sign stands in the text. */
  start: number;
}

const MAX_QUERY = 40;

/** Finds an unfinished `@name`, `#channel`, `:emoji` or, at the very beginning, `/command` that ends at the caret. */
export function tokenAt(text: string, caret: number): Token | null {
  const command = /^\/(\w*)$/u.exec(text.slice(0, caret));
  if (command !== null) return { trigger: '/', query: command[1] ?? '', start: 0 };
  const from = Math.max(0, caret - MAX_QUERY);
  const before = text.slice(from, caret);
  const match = /(^|[\s([{"'])([@#:])([^\s@#:]*)$/u.exec(before);
  if (match === null) return null;
  const trigger = match[2] as Trigger;
  const query = match[3] ?? '';
  if (trigger === ':' && query.length < 2) return null;
  return { trigger, query, start: caret - query.length - 1 };
}

/** Replaces the token by the completion and returns the new text and caret. */
export function applyCompletion(text: string, caret: number, token: Token, insert: string): { text: string; caret: number } {
  const head = text.slice(0, token.start) + insert;
  const tail = text.slice(caret);
  const space = tail.startsWith(' ') ? '' : ' ';
  return { text: head + space + tail, caret: head.length + 1 };
}

/** Scores how well a name fits: 0 is exact, larger is worse, null is no fit. */
export function matchScore(name: string, query: string): number | null {
  const n = fold(name);
  const q = fold(query);
  if (q === '') return 2;
  if (n === q) return 0;
  if (n.startsWith(q)) return 1;
  if (n.split(/[\s\-_.]+/u).some((word) => word.startsWith(q))) return 2;
  if (n.includes(q)) return 3;
  return isSubsequence(q, n) ? 4 : null;
}

/** Returns the best fits, best first, at most `limit`. */
export function bestMatches<T>(items: readonly T[], nameOf: (item: T) => string, query: string, limit: number): T[] {
  const scored: { item: T; score: number; name: string }[] = [];
  for (const item of items) {
    const score = matchScore(nameOf(item), query);
    if (score !== null) scored.push({ item, score, name: fold(nameOf(item)) });
  }
  scored.sort((a, b) => a.score - b.score || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return scored.slice(0, limit).map((s) => s.item);
}

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

function isSubsequence(needle: string, hay: string): boolean {
  let at = 0;
  for (const letter of needle) {
    at = hay.indexOf(letter, at);
    if (at < 0) return false;
    at += 1;
  }
  return true;
}
