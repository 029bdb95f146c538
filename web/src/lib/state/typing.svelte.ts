/** Who is typing where. */

import { channels as api } from '../api/client';
import type { Id } from '../api/types';
import { Shelf } from './shelf.svelte';

const SEND_EVERY_MS = 4_000;
const SHOWN_MS_MAX = 15_000;
const PEOPLE_MAX = 50;

interface Typist {
  id: Id;
  name: string;
  untilMs: number;
}

class Typing {
  #by = new Shelf<Id, Typist[]>();
  #lastSent = new Map<Id, number>();

  receive(channelId: Id, typist: Typist): void {
    const untilMs = Math.min(typist.untilMs, Date.now() + SHOWN_MS_MAX);
    const others = this.in(channelId).filter((x) => x.id !== typist.id);
    this.#by.set(channelId, [...others, { ...typist, untilMs }].slice(-PEOPLE_MAX));
    setTimeout(() => this.#expire(channelId), Math.max(0, untilMs - Date.now()) + 50);
  }

  /** Somebody who sent a message has stopped typing. */
  stopped(channelId: Id, memberId: Id): void {
    const list = this.in(channelId);
    if (list.some((x) => x.id === memberId)) this.#by.set(channelId, list.filter((x) => x.id !== memberId));
  }

  in(channelId: Id): Typist[] {
    return this.#by.get(channelId) ?? [];
  }

  /** Tells the others that I type, at most every few seconds. */
  iType(channelId: Id): void {
    const now = Date.now();
    if (now - (this.#lastSent.get(channelId) ?? 0) < SEND_EVERY_MS) return;
    this.#lastSent.set(channelId, now);
    void api.typing(channelId).catch(() => {});
  }

  sent(channelId: Id): void {
    this.#lastSent.delete(channelId);
  }

  #expire(channelId: Id): void {
    const now = Date.now();
    this.#by.set(channelId, this.in(channelId).filter((x) => x.untilMs > now));
  }
}

export const typing = new Typing();
