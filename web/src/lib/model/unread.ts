/** One derivation of what is marked unread, for channels and for servers. */

import type { Channel, Server, ServerSummary } from '../api/types';

type Counted = Pick<Channel, 'kind' | 'unread' | 'mentions' | 'muted' | 'level'>;

export interface Marker {
  /** Bold name or white pill. */
  unread: boolean;
  /** The red number; 0 shows none. */
  mentions: number;
}

/** Derives the marker of one channel: muted channels show mentions only. */
export function channelMarker(channel: Counted): Marker {
  if (channel.kind === 'category') return { unread: false, mentions: 0 };
  const mentions = channel.level === 'none' ? 0 : channel.mentions;
  const quiet = channel.muted || channel.level === 'none';
  return { unread: mentions > 0 || (channel.unread && !quiet), mentions };
}

/** Derives the marker of a server from its channels when they are loaded, else from its summary. */
export function serverMarker(summary: Pick<ServerSummary, 'unread' | 'mentions'>, detail: Pick<Server, 'channels'> | undefined): Marker {
  if (detail === undefined) return { unread: summary.unread || summary.mentions > 0, mentions: summary.mentions };
  const markers = detail.channels.map(channelMarker);
  return { unread: markers.some((m) => m.unread), mentions: markers.reduce((sum, m) => sum + m.mentions, 0) };
}

/** Writes a count for a badge. */
export function badge(count: number): string {
  return count > 99 ? '99+' : String(count);
}
