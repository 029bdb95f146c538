/** Turns messages into the rows of the message pane: days, the NEW line, groups by author. */

import type { Id, Message } from '../api/types';

/** Messages of one author within this time form a group. */
export const GROUP_MS_MAX = 7 * 60 * 1000;

export type Row =
  | { kind: 'start'; key: 'start' }
  | { kind: 'loading'; key: 'loading' }
  | { kind: 'day'; key: string; timeMs: number }
  | { kind: 'new'; key: 'new' }
  | { kind: 'message'; key: string; message: Message; head: boolean };

/** Returns the local calendar day as a sortable key. */
export function dayKey(timeMs: number): string {
  const d = new Date(timeMs);
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`;
}

/** Tells whether a message continues the group of the one before it. */
export function continues(previous: Message | undefined, message: Message): boolean {
  return (
    previous !== undefined &&
    previous.kind === 'user' &&
    message.kind === 'user' &&
    previous.author_id === message.author_id &&
    message.reply_to === null &&
    Math.abs(message.time_ms - previous.time_ms) < GROUP_MS_MAX
  );
}

/** Names a message's row; it survives the moment in which a sent message gets its id. */
export function rowKey(message: Message): string {
  return message.nonce === null ? message.id : `${message.author_id}:${message.nonce}`;
}

/** Builds the rows, oldest first. `firstUnreadId` is where the NEW line goes. */
export function buildRows(messages: readonly Message[], firstUnreadId: Id | null, hasBefore: boolean): Row[] {
  const rows: Row[] = [hasBefore ? { kind: 'loading', key: 'loading' } : { kind: 'start', key: 'start' }];
  let previous: Message | undefined;
  let day = '';
  for (const message of messages) {
    const today = dayKey(message.time_ms);
    let broken = false;
    if (today !== day) {
      rows.push({ kind: 'day', key: `day:${today}:${message.id}`, timeMs: message.time_ms });
      day = today;
      broken = true;
    }
    if (message.id === firstUnreadId) {
      rows.push({ kind: 'new', key: 'new' });
      broken = true;
    }
    rows.push({ kind: 'message', key: rowKey(message), message, head: broken || !continues(previous, message) });
    previous = message;
  }
  return rows;
}
