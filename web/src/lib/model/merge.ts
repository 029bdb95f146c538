/** Keeps a list of messages sorted, free of doubles, and bounded. */

import type { Id, Message } from '../api/types';
import { compareText } from './order';

/** Compares by the node's sort key; messages that were not sent yet have none and come last. */
export function bySort(a: Message, b: Message): number {
  if (a.sort === '' || b.sort === '') return a.sort === b.sort ? a.time_ms - b.time_ms : a.sort === '' ? 1 : -1;
  return compareText(a.sort, b.sort) || compareText(a.id, b.id);
}

/** Merges messages into a sorted list; the same id or the same nonce replaces. */
export function mergeMessages(list: readonly Message[], more: readonly Message[]): Message[] {
  const byId = new Map<Id, Message>();
  const nonces = new Map<string, Id>();
  for (const message of [...list, ...more]) {
    if (message.nonce !== null) {
      const key = `${message.author_id}:${message.nonce}`;
      const known = nonces.get(key);
      if (known !== undefined && known !== message.id) {
        if (message.sort === '') continue;
        byId.delete(known);
      }
      nonces.set(key, message.id);
    }
    byId.set(message.id, message);
  }
  return [...byId.values()].sort(bySort);
}

/** Replaces one message when it is in the list. */
export function replaceMessage(list: readonly Message[], id: Id, change: (message: Message) => Message): readonly Message[] {
  const at = list.findIndex((m) => m.id === id);
  const message = list[at];
  if (message === undefined) return list;
  return [...list.slice(0, at), change(message), ...list.slice(at + 1)];
}
