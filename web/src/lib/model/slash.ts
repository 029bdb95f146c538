/** Commands that begin with a slash: what was typed becomes a message, or an act. */

import type { Id } from '../api/types';

export const SLASH = ['me', 'shrug', 'nick', 'invite', 'timeout', 'kick', 'ban'] as const;
export type SlashName = (typeof SLASH)[number];

export type SlashAct =
  | { act: 'send'; content: string }
  | { act: 'nick'; nick: string | null }
  | { act: 'invite' }
  | { act: 'moderate'; how: 'timeout' | 'kick' | 'ban'; memberId: Id; minutes: number | null; reason: string }
  /** The command is known and something is missing. */
  | { act: 'usage'; name: SlashName };

/** The shrug, with the signs escaped that Markdown would take. */
const SHRUG = '¯\\\\\\_(ツ)\\_/¯';

/** Reads a command; null for anything else, which is a message as it stands. */
export function parseSlash(content: string): SlashAct | null {
  const match = /^\/(\w+)(?:\s+([\s\S]*))?$/u.exec(content);
  const name = SLASH.find((known) => known === match?.[1]?.toLowerCase());
  if (name === undefined) return null;
  const rest = (match?.[2] ?? '').trim();
  switch (name) {
    case 'me':
      return rest === '' ? { act: 'usage', name } : { act: 'send', content: `_${rest}_` };
    case 'shrug':
      return { act: 'send', content: rest === '' ? SHRUG : `${rest} ${SHRUG}` };
    case 'nick':
      return { act: 'nick', nick: rest === '' ? null : rest };
    case 'invite':
      return { act: 'invite' };
    default:
      return moderation(name, rest);
  }
}

/** `@name reason`, and for a timeout `@name minutes reason`; the mention has become an id by now. */
function moderation(how: 'timeout' | 'kick' | 'ban', rest: string): SlashAct {
  const match = /^<@([0-9a-f]{64})>\s*([\s\S]*)$/u.exec(rest);
  const [, memberId, after = ''] = match ?? [];
  if (memberId === undefined) return { act: 'usage', name: how };
  if (how !== 'timeout') return { act: 'moderate', how, memberId, minutes: null, reason: after.trim() };
  const [, minutes, reason = ''] = /^(\d{1,5})\b\s*([\s\S]*)$/u.exec(after) ?? [];
  return minutes === undefined
    ? { act: 'moderate', how, memberId, minutes: null, reason: after.trim() }
    : { act: 'moderate', how, memberId, minutes: Number(minutes), reason: reason.trim() };
}
