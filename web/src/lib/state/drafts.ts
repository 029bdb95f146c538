/** What was written and not sent yet, per channel; the node keeps it across restarts. */

import { channels as api } from '../api/client';
import type { Id } from '../api/types';

const SAVE_DELAY_MS = 700;
const local = new Map<Id, string>();
const timers = new Map<Id, ReturnType<typeof setTimeout>>();

/** Returns the draft of a channel. */
export async function loadDraft(channelId: Id): Promise<string> {
  const known = local.get(channelId);
  if (known !== undefined) return known;
  const text = await api.draft(channelId).then((d) => d.text, () => '');
  if (!local.has(channelId)) local.set(channelId, text);
  return local.get(channelId) ?? '';
}

/** Keeps the draft of a channel. */
export function saveDraft(channelId: Id, text: string): void {
  if (local.get(channelId) === text) return;
  local.set(channelId, text);
  clearTimeout(timers.get(channelId));
  timers.set(
    channelId,
    setTimeout(() => void api.putDraft(channelId, text).catch(() => {}), SAVE_DELAY_MS),
  );
}
