/** Reactions of a message. */

import type { Reaction } from '../api/types';

/** Returns the reactions after I toggled one. */
export function withToggled(reactions: readonly Reaction[], emoji: string, me: string): Reaction[] {
  const known = reactions.find((r) => r.emoji === emoji);
  if (known === undefined) return [...reactions, { emoji, count: 1, me: true, member_ids: [me] }];
  const count = known.count + (known.me ? -1 : 1);
  const member_ids = known.me ? known.member_ids.filter((id) => id !== me) : [...known.member_ids, me];
  return reactions.flatMap((r) => (r.emoji !== emoji ? [r] : count <= 0 ? [] : [{ ...r, count, me: !r.me, member_ids }]));
}
