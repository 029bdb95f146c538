import { describe, expect, it } from 'vitest';
import { message } from './fixtures';
import { buildRows, continues, GROUP_MS_MAX } from './grouping';

const noon = new Date(2024, 4, 3, 12).getTime();

describe('grouping', () => {
  it('continues only for the same author within seven minutes', () => {
    const first = message('1', { time_ms: noon });
    expect(continues(first, message('2', { time_ms: noon + GROUP_MS_MAX - 1 }))).toBe(true);
    expect(continues(first, message('2', { time_ms: noon + GROUP_MS_MAX }))).toBe(false);
    expect(continues(first, message('2', { time_ms: noon + 1, author_id: 'b' }))).toBe(false);
    expect(continues(undefined, first)).toBe(false);
  });

  it('starts a group for replies and system messages', () => {
    const first = message('1', { time_ms: noon });
    const reply = message('2', { time_ms: noon, reply_to: { id: '1', author_id: 'a', author_name: 'A', excerpt: '', deleted: false } });
    expect(continues(first, reply)).toBe(false);
    expect(continues(first, message('2', { time_ms: noon, kind: 'system' }))).toBe(false);
  });

  it('puts a divider at each new day and the NEW line before the first unread', () => {
    const rows = buildRows([message('1', { time_ms: noon }), message('2', { time_ms: noon + 1000 }), message('3', { time_ms: noon + 86_400_000 })], '2', true);
    expect(rows.map((r) => r.kind)).toEqual(['loading', 'day', 'message', 'new', 'message', 'day', 'message']);
    expect(rows.flatMap((r) => (r.kind === 'message' ? [r.head] : []))).toEqual([true, true, true]);
  });

  it('begins with the start of the channel when there is nothing before', () => {
    expect(buildRows([], null, false).map((r) => r.kind)).toEqual(['start']);
  });

  it('never gives two rows the same key, even when nonces of two people are equal', () => {
    const rows = buildRows([message('1', { nonce: 'n', author_id: 'a' }), message('2', { nonce: 'n', author_id: 'b' })], null, false);
    expect(new Set(rows.map((r) => r.key)).size).toBe(rows.length);
  });
});
