import { describe, expect, it } from 'vitest';
import { withToggled } from './reactions';

describe('my reaction', () => {
  const others = [{ emoji: '🎉', count: 2, me: false, member_ids: ['a', 'b'] }];

  it('is added to the others and taken back', () => {
    const added = withToggled(others, '🎉', 'me');
    expect(added).toEqual([{ emoji: '🎉', count: 3, me: true, member_ids: ['a', 'b', 'me'] }]);
    expect(withToggled(added, '🎉', 'me')).toEqual(others);
  });

  it('makes a new one and removes the last', () => {
    const fresh = withToggled([], '🔥', 'me');
    expect(fresh).toEqual([{ emoji: '🔥', count: 1, me: true, member_ids: ['me'] }]);
    expect(withToggled(fresh, '🔥', 'me')).toEqual([]);
  });
});
