/** Adds or takes back my reaction: shown at once, corrected when the node refuses. */

import { messages as api } from '../../api/client';
import type { Message, Server } from '../../api/types';
import { withToggled } from '../../model/reactions';
import { prefs } from '../../state/prefs.svelte';
import { timelines } from '../../state/timeline.svelte';
import { attempt } from '../../state/toasts.svelte';

export async function toggleReaction(server: Server, message: Message, emoji: string): Promise<void> {
  const had = message.reactions.some((r) => r.emoji === emoji && r.me);
  const before = message.reactions;
  const timeline = timelines.peek(message.channel_id);
  timeline?.change(message.id, (m) => ({ ...m, reactions: withToggled(m.reactions, emoji, server.me_member_id) }));
  if (!had) prefs.usedEmoji(emoji);
  const done = await attempt(() => (had ? api.unreact(message.id, emoji) : api.react(message.id, emoji)));
  if (!done) timeline?.change(message.id, (m) => ({ ...m, reactions: before }));
}
