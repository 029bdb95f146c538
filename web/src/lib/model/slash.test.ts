import { describe, expect, it } from 'vitest';
import { tokenAt } from './completion';
import { parseSlash } from './slash';

const ID = 'ab'.repeat(32);

describe('slash commands', () => {
  it('reads what becomes a message', () => {
    expect(parseSlash('/me waves')).toEqual({ act: 'send', content: '_waves_' });
    expect(parseSlash('/shrug')).toEqual({ act: 'send', content: '¯\\\\\\_(ツ)\\_/¯' });
    expect(parseSlash('/SHRUG who knows')).toEqual({ act: 'send', content: 'who knows ¯\\\\\\_(ツ)\\_/¯' });
  });

  it('reads what is done', () => {
    expect(parseSlash('/nick  Captain Ada ')).toEqual({ act: 'nick', nick: 'Captain Ada' });
    expect(parseSlash('/nick')).toEqual({ act: 'nick', nick: null });
    expect(parseSlash('/invite')).toEqual({ act: 'invite' });
    expect(parseSlash(`/ban <@${ID}> spam, again`)).toEqual({ act: 'moderate', how: 'ban', memberId: ID, minutes: null, reason: 'spam, again' });
    expect(parseSlash(`/kick <@${ID}>`)).toEqual({ act: 'moderate', how: 'kick', memberId: ID, minutes: null, reason: '' });
    expect(parseSlash(`/timeout <@${ID}> 15 cool down`)).toEqual({ act: 'moderate', how: 'timeout', memberId: ID, minutes: 15, reason: 'cool down' });
    expect(parseSlash(`/timeout <@${ID}> cool down`)).toEqual({ act: 'moderate', how: 'timeout', memberId: ID, minutes: null, reason: 'cool down' });
  });

  it('says what is missing', () => {
    for (const name of ['ban', 'kick', 'timeout']) expect(parseSlash(`/${name} somebody`)).toEqual({ act: 'usage', name });
    expect(parseSlash('/me')).toEqual({ act: 'usage', name: 'me' });
  });

  it('leaves everything else a message', () => {
    for (const text of ['/unknown thing', 'look: /me', '/', '//me', '/usr/bin', '/me/too']) expect(parseSlash(text)).toBeNull();
  });

  it('is completed at the very beginning alone', () => {
    expect(tokenAt('/sh', 3)).toEqual({ trigger: '/', query: 'sh', start: 0 });
    expect(tokenAt('/', 1)).toEqual({ trigger: '/', query: '', start: 0 });
    expect(tokenAt('a /sh', 5)).toBeNull();
    expect(tokenAt('/shrug now', 10)).toBeNull();
  });
});
