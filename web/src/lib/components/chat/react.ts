/** Adds or takes back my reaction: shown at once, corrected when the node refuses. */

import { messages as api } from '../../api/client';
import type { Message, Reaction, Server } from '../../api/types';
import { prefs } from '../../state/prefs.svelte';
import { timelines } from '../../state/timeline.svelte';
import { attempt } from '../../state/toasts.svelte';

/** Returns the reactions after I toggled one. */
export function withToggled(reactions: readonly Reaction[], emoji: string, me: string): Reaction[] {
  const known = reactions.find((r) => r.emoji === emoji);
  if (known === undefined) return [...reactions, { emoji, count: 1, me: true, member_ids: [me] }];
  const count = known.count + (known.me ? -1 : 1);
  const member_ids = known.me ? known.member_ids.filter((id) => id !== me) : [...known.member_ids, me];
  return reactions.flatMap((r) => (r.emoji !== emoji ? [r] : count <= 0 ? [] : [{ ...r, count, me: !r.me, member_ids }]));
}

export async function toggleReaction(server: Server, message: Message, emoji: string): Promise<void> {
  const had = message.reactions.some((r) => r.emoji === emoji && r.me);
  const before = message.reactions;
  const timeline = timelines.peek(message.channel_id);
  timeline?.change(message.id, (m) => ({ ...m, reactions: withToggled(m.reactions, emoji, server.me_member_id) }));
  if (!had) prefs.usedEmoji(emoji);
  const done = await attempt(() => (had ? api.unreact(message.id, emoji) : api.react(message.id, emoji)));
  if (!done) timeline?.change(message.id, (m) => ({ ...m, reactions: before }));
}
