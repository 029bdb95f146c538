/** The live stream of events, with reconnection and the detection of gaps. */

import { loadToken } from './http';
import type * as T from './types';

/** What each event type carries. */
export interface EventMap {
  ready: { me: T.Me; servers: T.ServerSummary[]; seq: number };
  'me.updated': T.Me;
  'server.added': T.ServerSummary;
  'server.updated': T.Server;
  'server.removed': { id: T.Id; reason: string | null; was_member: boolean };
  'server.state': { id: T.Id; state: T.ServerState };
  'channel.updated': T.Channel;
  'channel.removed': { id: T.Id; server_id: T.Id };
  'member.updated': { server_id: T.Id; member: T.Member };
  'member.removed': { server_id: T.Id; id: T.Id };
  'message.created': T.Message;
  'message.updated': T.Message;
  'message.deleted': { id: T.Id; channel_id: T.Id };
  'message.delivery': { id: T.Id; channel_id: T.Id; delivery: T.Delivery };
  typing: { channel_id: T.Id; member_id: T.Id; name: string; until_ms: number };
  presence: { server_id: T.Id; member_id: T.Id; presence: T.Presence };
  unread: { server_id: T.Id; channel_id: T.Id; unread: boolean; mentions: number; last_read_id: T.Id | null };
  'ownership.updated': { server_id: T.Id; ownership: T.Ownership | null };
  'successors.updated': { server_id: T.Id };
  'blob.ready': { hash: T.BlobRef };
  'reports.updated': { server_id: T.Id; open: number; report: T.Report | null };
  'server.lost': { server_id: T.Id; event_id: T.Id; unseen: number; entry: T.LostEntry | null };
  'chat.requested': { id: T.Id };
  notice: { level: 'info' | 'warn' | 'error'; code: string; text: string };
}

export type EventType = keyof EventMap;
type Frame = { [K in EventType]: { seq: number; type: K; data: EventMap[K] } }[EventType];

export interface Listener {
  event<K extends EventType>(type: K, data: EventMap[K]): void;
  /** The stream is open (true) or lost (false). */
  open(open: boolean): void;
  /** Frames were missed: everything on screen must be read again. */
  gap(): void;
}

const RETRY_MS_MIN = 400;
const RETRY_MS_MAX = 8_000;
const PING_MS = 25_000;

/** Keeps one WebSocket to the node open for as long as the app lives. */
export class EventStream {
  #socket: WebSocket | null = null;
  #lastSeq = 0;
  #retryMs = RETRY_MS_MIN;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  constructor(private readonly listener: Listener) {}

  start(): void {
    this.#stopped = false;
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/events`, ['conclave.v1', `bearer.${loadToken() ?? ''}`]);
    this.#socket = socket;
    socket.onmessage = (message) => this.#receive(String(message.data));
    socket.onclose = () => this.#lost();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ping);
    this.#socket?.close();
  }

  /** Tells the node which channel the person looks at, or none. */
  focus(channel_id: T.Id | null): void {
    if (channel_id !== null) this.#send({ op: 'focus', channel_id });
  }

  /** Reconnects at once, without waiting for the next attempt. */
  retryNow(): void {
    if (this.#socket?.readyState === WebSocket.OPEN || this.#socket?.readyState === WebSocket.CONNECTING) return;
    clearTimeout(this.#timer);
    this.start();
  }

  #send(value: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(value));
  }

  #receive(text: string): void {
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    if (frame.type === 'ready') {
      this.#retryMs = RETRY_MS_MIN;
      clearInterval(this.#ping);
      this.#ping = setInterval(() => this.#send({ op: 'ping' }), PING_MS);
      this.#lastSeq = frame.seq;
      this.listener.open(true);
    } else if (typeof frame.seq === 'number') {
      if (frame.seq > this.#lastSeq + 1) this.listener.gap();
      this.#lastSeq = Math.max(this.#lastSeq, frame.seq);
    }
    this.listener.event(frame.type, frame.data as never);
  }

  #lost(): void {
    clearInterval(this.#ping);
    if (this.#stopped) return;
    this.listener.open(false);
    this.#timer = setTimeout(() => this.start(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }
}
