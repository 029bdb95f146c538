/** Fractional order: channels and roles sort by (position, id). */

import type { Channel, Id } from '../api/types';

/** Compares by code units, the same everywhere. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares two placed things. */
export function byPosition(a: { position: string; id: Id }, b: { position: string; id: Id }): number {
  return compareText(a.position, b.position) || compareText(a.id, b.id);
}

export interface ChannelGroup {
  /** Null for channels outside any category. */
  category: Channel | null;
  channels: Channel[];
}

/** Arranges channels below their categories; loose channels come first. */
export function channelTree(channels: readonly Channel[]): ChannelGroup[] {
  const sorted = [...channels].sort(byPosition);
  const categories = sorted.filter((c) => c.kind === 'category');
  const known = new Set(categories.map((c) => c.id));
  const below = (parent: Id | null) =>
    sorted.filter((c) => c.kind !== 'category' && (c.parent_id !== null && known.has(c.parent_id) ? c.parent_id : null) === parent);
  const loose = below(null);
  const groups = categories.map((category) => ({ category, channels: below(category.id) }));
  return loose.length > 0 ? [{ category: null, channels: loose }, ...groups] : groups;
}

/** Returns the text channels in the order in which they are shown. */
export function flatChannels(channels: readonly Channel[]): Channel[] {
  return channelTree(channels).flatMap((group) => group.channels);
}

export type Place = { before: Id } | { after: Id };

/** Returns the place that moves an entry from one index to another, or null when it stays. */
export function placeFor(ids: readonly Id[], from: number, to: number): Place | null {
  if (from === to || ids[from] === undefined) return null;
  const rest = ids.filter((_, index) => index !== from);
  const at = Math.max(0, Math.min(to, rest.length));
  const next = rest[at];
  if (next !== undefined) return { before: next };
  const last = rest.at(-1);
  return last === undefined ? null : { after: last };
}
