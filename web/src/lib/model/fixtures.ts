/** Builders for tests. */

import type { Message } from '../api/types';

export function message(id: string, patch: Partial<Message> = {}): Message {
  return {
    id, channel_id: 'c', server_id: 's', author_id: 'a', author_name: 'A', author_color: null, author_avatar: null, time_ms: 0, edited_ms: null, deleted: false, content: id, tree: [], reply_to: null,
    reactions: [], attachments: [], mentions: { everyone: false, members: [], roles: [], me: false }, pinned: false,
    delivery: { state: 'with_peers', copies: { devices: 1, hubs: 0 }, reason: null }, late: false, held: false, nonce: null, sort: id, kind: 'user', ...patch,
  };
}
