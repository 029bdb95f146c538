/** What one channel shows: a window of messages that grows at both ends. */

import { untrack } from 'svelte';
import { messages as api } from '../api/client';
import type { BlobRef, Delivery, Id, Message } from '../api/types';
import { mergeMessages, replaceMessage } from '../model/merge';
import { explain } from './toasts.svelte';

const PAGE = 50;
/** Beyond this the oldest messages leave memory while the person reads the newest. */
const KEPT_MAX = 800;
const KEPT_AFTER_TRIM = 300;

export type Loading = 'none' | 'initial' | 'before' | 'after';

export class Timeline {
  messages = $state.raw<readonly Message[]>([]);
  hasBefore = $state(false);
  hasAfter = $state(false);
  firstUnreadId = $state<Id | null>(null);
  loading = $state<Loading>('none');
  error = $state<string | null>(null);
  loaded = $state(false);
  /** True while the last change added messages at the start; the list keeps its place from the end then. */
  prepended = $state(false);
  /** Set by the view: the newest message is in sight. */
  pinned = true;
  /** The person marked the channel unread: it stays so until they come back to it. */
  holdUnread = false;
  /** The message to bring into view, once. */
  target = $state<Id | null>(null);
  /** New messages that arrived while the window shows older ones. */
  missed = $state(0);

  constructor(readonly channelId: Id) {}

  /** Reads the newest page, or places the NEW line when the channel was open before. */
  async open(unreadAfter: Id | null): Promise<void> {
    if (this.loaded) {
      const at = unreadAfter === null ? -1 : this.messages.findIndex((m) => m.id === unreadAfter);
      if (at >= 0) this.firstUnreadId = this.messages[at + 1]?.id ?? null;
    } else if (this.loading === 'none') {
      await this.#load('initial', {});
    }
  }

  async before(): Promise<void> {
    const first = this.messages.find((m) => m.sort !== '');
    if (this.hasBefore && this.loading === 'none' && first !== undefined) await this.#load('before', { before: first.id });
  }

  async after(): Promise<void> {
    const last = this.messages.findLast((m) => m.sort !== '');
    if (this.hasAfter && this.loading === 'none' && last !== undefined) await this.#load('after', { after: last.id });
  }

  /** Brings a message into view, loading its surroundings when they are not here. */
  async jumpTo(id: Id): Promise<void> {
    if (!this.messages.some((m) => m.id === id)) await this.#load('initial', { around: id });
    this.target = id;
  }

  async jumpToPresent(): Promise<void> {
    this.missed = 0;
    if (this.hasAfter) await this.#load('initial', {});
    this.pinned = true;
  }

  /** Reads the newest page again, after the connection was lost. */
  async refresh(): Promise<void> {
    if (!this.loaded) return;
    const page = await api.page(this.channelId, { limit: PAGE }).catch(() => null);
    if (page === null || this.hasAfter) return;
    const known = new Set(this.messages.map((m) => m.id));
    const joined = page.messages.some((m) => known.has(m.id));
    const unsent = this.messages.filter((m) => m.sort === '');
    this.prepended = false;
    this.messages = joined ? mergeMessages(this.messages, page.messages) : mergeMessages(page.messages, unsent);
    if (!joined) this.hasBefore = page.has_before;
  }

  receive(message: Message): void {
    if (!this.loaded) return;
    if (this.hasAfter && message.sort !== '' && !this.messages.some((m) => m.id === message.id)) {
      this.missed += 1;
      return;
    }
    this.prepended = false;
    const merged = mergeMessages(this.messages, [message]);
    if (this.pinned && merged.length > KEPT_MAX) {
      this.hasBefore = true;
      this.messages = merged.slice(-KEPT_AFTER_TRIM);
    } else {
      this.messages = merged;
    }
  }

  /** Takes the node's answer to a message that was sent. Events may have overtaken it: what they brought is newer. */
  acknowledge(message: Message): void {
    if (this.messages.some((m) => m.id === message.id)) this.change(message.id, (m) => ({ ...m, nonce: message.nonce }));
    else this.receive(message);
  }

  update(message: Message): void {
    this.messages = replaceMessage(this.messages, message.id, (old) => ({ ...message, nonce: message.nonce ?? old.nonce }));
  }

  change(id: Id, patch: (message: Message) => Message): void {
    this.messages = replaceMessage(this.messages, id, patch);
  }

  delivery(id: Id, delivery: Delivery): void {
    this.change(id, (m) => ({ ...m, delivery }));
  }

  tombstone(id: Id): void {
    this.change(id, (m) => ({ ...m, deleted: true, content: '', tree: [], attachments: [], reactions: [] }));
  }

  /** Takes a message that was never sent off the screen. */
  discard(id: Id): void {
    this.messages = this.messages.filter((m) => m.id !== id);
  }

  async #load(kind: Exclude<Loading, 'none'>, where: { before?: Id; after?: Id; around?: Id }): Promise<void> {
    this.loading = kind;
    this.error = null;
    try {
      const page = await api.page(this.channelId, { ...where, limit: PAGE });
      this.prepended = kind === 'before';
      const unsent = this.messages.filter((m) => m.sort === '');
      this.messages = mergeMessages(kind === 'initial' ? unsent : this.messages, page.messages);
      if (kind !== 'after') this.hasBefore = page.has_before;
      if (kind !== 'before') this.hasAfter = page.has_after;
      if (kind === 'initial') this.firstUnreadId ??= page.first_unread_id;
      this.loaded = true;
    } catch (error) {
      this.error = explain(error);
    } finally {
      this.loading = 'none';
    }
  }
}

const OPEN_MAX = 12;

class Timelines {
  #open = new Map<Id, Timeline>();

  of(channelId: Id): Timeline {
    const timeline = this.#open.get(channelId) ?? untrack(() => new Timeline(channelId));
    this.#open.delete(channelId);
    this.#open.set(channelId, timeline);
    for (const id of this.#open.keys()) {
      if (this.#open.size <= OPEN_MAX) break;
      this.#open.delete(id);
    }
    return timeline;
  }

  /** The timeline when the channel was opened before. */
  peek(channelId: Id): Timeline | undefined {
    return this.#open.get(channelId);
  }

  /** A file that some message carries has come to this device. */
  fileArrived(hash: BlobRef): void {
    for (const timeline of this.#open.values()) {
      for (const message of timeline.messages.filter((m) => m.attachments.some((a) => a.id === hash && a.state !== 'ready'))) {
        const attachments = message.attachments.map((a) => (a.id === hash ? { ...a, state: 'ready' as const } : a));
        timeline.change(message.id, (m) => ({ ...m, attachments }));
      }
    }
  }

  forget(channelId: Id): void {
    this.#open.delete(channelId);
  }

  refreshAll(): void {
    for (const timeline of this.#open.values()) void timeline.refresh();
  }
}

export const timelines = new Timelines();
