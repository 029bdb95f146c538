/** Sends messages: on screen at once, acknowledged when the node has stored them. */

import { messages as api } from '../api/client';
import type { Attachment, Channel, Delivery, Id, MdNode, Member, Message, ReplyPreview } from '../api/types';
import { clockState } from './clock.svelte';
import { servers } from './servers.svelte';
import { timelines } from './timeline.svelte';
import { explain } from './toasts.svelte';

export interface Outgoing {
  channel: Channel;
  author: Pick<Member, 'id' | 'name' | 'color' | 'avatar'>;
  content: string;
  replyTo: ReplyPreview | null;
  attachments: Attachment[];
}

const sent = new Map<Id, { outgoing: Outgoing; nonce: string }>();

/** Returns a fresh nonce of 32 bytes; the node answers the same nonce with the same message. */
export function newNonce(): string {
  return crypto.randomUUID().replaceAll('-', '');
}

/** Sends a message and keeps it on screen whatever happens. */
export async function send(outgoing: Outgoing): Promise<void> {
  const nonce = newNonce();
  const pending = pendingMessage(outgoing, nonce);
  sent.set(pending.id, { outgoing, nonce });
  await deliver(pending, outgoing, nonce);
}

/** Tries again to send a message that failed; the nonce stays the same, so nothing is sent twice. */
export async function retry(message: Message): Promise<void> {
  const entry = sent.get(message.id);
  if (entry === undefined) return;
  await deliver({ ...message, delivery: delivery('sending') }, entry.outgoing, entry.nonce);
}

/** Gives up on a message that failed. */
export function discard(message: Message): void {
  sent.delete(message.id);
  timelines.peek(message.channel_id)?.discard(message.id);
}

async function deliver(pending: Message, outgoing: Outgoing, nonce: string): Promise<void> {
  const timeline = timelines.of(outgoing.channel.id);
  if (timeline.hasAfter) await timeline.jumpToPresent();
  timeline.receive(pending);
  try {
    const body = { content: outgoing.content, nonce, attachments: outgoing.attachments.map((a) => a.id) };
    const message = await api.send(outgoing.channel.id, outgoing.replyTo === null ? body : { ...body, reply_to: outgoing.replyTo.id });
    sent.delete(pending.id);
    timeline.acknowledge({ ...message, nonce });
    servers.setUnread(outgoing.channel.server_id, outgoing.channel.id, { unread: false, mentions: 0, last_read_id: message.id });
  } catch (error) {
    timeline.receive({ ...pending, delivery: delivery('failed', explain(error)) });
  }
}

function delivery(state: Delivery['state'], reason: string | null = null): Delivery {
  return { state, copies: { devices: 0, hubs: 0 }, reason };
}

function plainTree(content: string): MdNode[] {
  return content.split('\n').flatMap((line, index) => (index === 0 ? [] : [{ t: 'break' } as MdNode]).concat({ t: 'text', v: line }));
}

function pendingMessage(outgoing: Outgoing, nonce: string): Message {
  return {
    id: `pending-${nonce}`,
    channel_id: outgoing.channel.id,
    server_id: outgoing.channel.server_id,
    author_id: outgoing.author.id,
    author_name: outgoing.author.name,
    author_color: outgoing.author.color,
    author_avatar: outgoing.author.avatar,
    time_ms: Math.max(Date.now(), clockState.now),
    edited_ms: null,
    deleted: false,
    content: outgoing.content,
    tree: plainTree(outgoing.content),
    reply_to: outgoing.replyTo,
    reactions: [],
    attachments: outgoing.attachments,
    mentions: { everyone: false, members: [], roles: [], me: false },
    pinned: false,
    delivery: delivery('sending'),
    late: false,
    held: false,
    nonce,
    sort: '',
    kind: 'user',
  };
}
