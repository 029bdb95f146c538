import { describe, expect, it } from 'vitest';
import type { Channel } from '../api/types';
import { byPosition, channelTree, flatChannels, placeFor } from './order';

const channel = (id: string, position: string, kind: Channel['kind'] = 'text', parent_id: string | null = null) => ({ id, position, kind, parent_id }) as Channel;

describe('fractional order', () => {
  it('compares positions by code unit and settles ties by id', () => {
    expect([channel('b', 'a0'), channel('a', 'a0'), channel('c', 'Zz')].sort(byPosition).map((c) => c.id)).toEqual(['c', 'a', 'b']);
  });

  it('puts loose channels first and others below their category', () => {
    const tree = channelTree([channel('x', 'a1', 'text', 'cat'), channel('cat', 'a0', 'category'), channel('loose', 'a9'), channel('orphan', 'a5', 'text', 'gone')]);
    expect(tree.map((g) => [g.category?.id ?? null, g.channels.map((c) => c.id)])).toEqual([
      [null, ['orphan', 'loose']],
      ['cat', ['x']],
    ]);
    expect(flatChannels([channel('cat', 'a0', 'category')])).toEqual([]);
  });

  it('names the neighbour that a moved entry goes to', () => {
    expect(placeFor(['a', 'b', 'c'], 2, 0)).toEqual({ before: 'a' });
    expect(placeFor(['a', 'b', 'c'], 0, 2)).toEqual({ after: 'c' });
    expect(placeFor(['a', 'b', 'c'], 0, 1)).toEqual({ before: 'c' });
    expect(placeFor(['a', 'b', 'c'], 1, 1)).toBeNull();
  });
});
