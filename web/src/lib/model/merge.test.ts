import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { message } from './fixtures';
import { mergeMessages, replaceMessage } from './merge';

describe('merging messages', () => {
  it('gives the same list in whatever order and however often messages arrive', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ids, fc.infiniteStream(fc.nat()), (numbers, noise) => {
        const all = numbers.map((n) => message(String(n).padStart(3, '0')));
        const shuffled = [...all, ...all].map((m) => ({ m, key: noise.next().value })).sort((a, b) => a.key - b.key).map((x) => x.m);
        const merged = shuffled.reduce<ReturnType<typeof mergeMessages>>((list, m) => mergeMessages(list, [m]), []);
        expect(merged.map((m) => m.id)).toEqual([...numbers].map((n) => String(n).padStart(3, '0')).sort());
      }),
    );
  });

  it('replaces what was pending by what was stored, whichever comes first', () => {
    const pending = message('pending-1', { nonce: 'n', sort: '' });
    const stored = message('5', { nonce: 'n' });
    expect(mergeMessages([pending], [stored]).map((m) => m.id)).toEqual(['5']);
    expect(mergeMessages([stored], [pending]).map((m) => m.id)).toEqual(['5']);
  });

  it('does not take the nonce of somebody else for mine', () => {
    const mine = message('pending-1', { nonce: 'n', sort: '', author_id: 'a' });
    expect(mergeMessages([mine], [message('5', { nonce: 'n', author_id: 'b' })])).toHaveLength(2);
  });

  it('keeps messages that were not sent at the end', () => {
    expect(mergeMessages([message('p', { sort: '' })], [message('9')]).map((m) => m.id)).toEqual(['9', 'p']);
  });

  it('changes nothing when the message is not there', () => {
    const list = [message('1')];
    expect(replaceMessage(list, '2', (m) => ({ ...m, deleted: true }))).toBe(list);
    expect(replaceMessage(list, '1', (m) => ({ ...m, deleted: true }))[0]?.deleted).toBe(true);
  });
});
