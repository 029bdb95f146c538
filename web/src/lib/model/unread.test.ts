import { describe, expect, it } from 'vitest';
import type { Channel } from '../api/types';
import { badge, channelMarker, serverMarker } from './unread';

const channel = (patch: Partial<Channel>) => ({ kind: 'text', unread: false, mentions: 0, muted: false, level: 'all', ...patch }) as Channel;

describe('unread markers', () => {
  it('show muted channels only when somebody mentions me', () => {
    expect(channelMarker(channel({ unread: true, muted: true }))).toEqual({ unread: false, mentions: 0 });
    expect(channelMarker(channel({ unread: true, muted: true, mentions: 2 }))).toEqual({ unread: true, mentions: 2 });
    expect(channelMarker(channel({ unread: true }))).toEqual({ unread: true, mentions: 0 });
  });

  it('stay silent for the level none', () => {
    expect(channelMarker(channel({ unread: true, mentions: 5, level: 'none' }))).toEqual({ unread: false, mentions: 0 });
  });

  it('add up to the marker of the server', () => {
    const channels = [channel({ unread: true, mentions: 2 }), channel({ unread: true, muted: true }), channel({ mentions: 1 }), channel({ kind: 'category', unread: true })];
    expect(serverMarker({ unread: false, mentions: 0 }, { channels })).toEqual({ unread: true, mentions: 3 });
    expect(serverMarker({ unread: true, mentions: 4 }, undefined)).toEqual({ unread: true, mentions: 4 });
    expect(serverMarker({ unread: true, mentions: 4 }, { channels: [] })).toEqual({ unread: false, mentions: 0 });
  });

  it('stop counting at 99', () => {
    expect([badge(1), badge(99), badge(100)]).toEqual(['1', '99', '99+']);
  });
});
