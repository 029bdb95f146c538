/** Makes names safe to show: nobody may reorder or hide text with invisible characters. */

const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/gu;
const STACKED = /(\p{M}{4})\p{M}+/gu;

/** Shown in place of a control character that changes direction. */
export const VISIBLE_CONTROL = '\u2420';

/** Returns the name with direction controls made visible, other invisible characters and piled-up marks removed. */
export function safeName(name: string): string {
  const clean = name.replace(BIDI, VISIBLE_CONTROL).replace(INVISIBLE, '').replace(STACKED, '$1').trim();
  return clean === '' ? '\u2026' : clean;
}

/** Returns the name for use inside a sentence: isolated, so that its direction stays its own. */
export function isolated(name: string): string {
  return `\u2068${safeName(name)}\u2069`;
}

/** Returns up to two letters that stand for a name. */
export function initials(name: string): string {
  const words = safeName(name).split(/[\s\-_.]+/u).filter((w) => /[\p{L}\p{N}]/u.test(w));
  const letters = words.slice(0, 2).map((w) => Array.from(w)[0] ?? '');
  return letters.length === 0 ? (Array.from(safeName(name))[0] ?? '?') : letters.join('').toLocaleUpperCase();
}

/** Returns a number from an id that spreads evenly; the same id always gives the same number. */
export function idHash(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Hues that stay apart from each other and from the colours that mean something. */
const HUES = [22, 48, 78, 118, 150, 178, 205, 232, 258, 285, 312, 345] as const;

/** Returns the two hues of the gradient that stands for an id. */
export function idHues(id: string): [number, number] {
  const hash = idHash(id);
  const first = HUES[(hash >>> 4) % HUES.length] ?? 0;
  return [first, (first + 24 + ((hash >>> 16) % 36)) % 360];
}

/** Writes a channel name the way channels are named: lower case, dashes for spaces. */
export function channelSlug(name: string): string {
  return name.toLocaleLowerCase().replace(/\s+/gu, '-').replace(/-{2,}/gu, '-').slice(0, 100);
}
