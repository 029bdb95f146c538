import { describe, expect, it } from 'vitest';
import { applyCompletion, bestMatches, matchScore, tokenAt } from './completion';
import { decodeMentions, encodeMentions, mention } from './mentions';

const ada = 'a'.repeat(64);
const love = 'b'.repeat(64);

describe('completion', () => {
  it('finds the token under the caret', () => {
    expect(tokenAt('hi @to', 6)).toEqual({ trigger: '@', query: 'to', start: 3 });
    expect(tokenAt('#gen', 4)).toEqual({ trigger: '#', query: 'gen', start: 0 });
    expect(tokenAt('look :smi', 9)).toEqual({ trigger: ':', query: 'smi', start: 5 });
  });

  it('leaves addresses, times and finished words alone', () => {
    for (const text of ['me@home', 'http://', 'at 12:30', '@ada ', ':s']) expect(tokenAt(text, text.length)).toBeNull();
  });

  it('replaces the token and puts one space behind it', () => {
    const token = tokenAt('hi @to', 6);
    expect(token && applyCompletion('hi @to', 6, token, '@Tomasz')).toEqual({ text: 'hi @Tomasz ', caret: 11 });
    expect(token && applyCompletion('hi @to you', 6, token, '@Tomasz')).toEqual({ text: 'hi @Tomasz you', caret: 11 });
  });

  it('ranks exact before prefix before word before part', () => {
    expect(bestMatches(['my-general', 'general-talk', 'general', 'gnrl'], (x) => x, 'general', 9)).toEqual(['general', 'general-talk', 'my-general']);
    expect(matchScore('Zsófia', 'zso')).toBe(1);
    expect(matchScore('abc', 'xyz')).toBeNull();
  });
});

describe('mentions', () => {
  const known = [mention('member', ada, 'Ada'), mention('member', love, 'Ada Lovelace'), mention('channel', ada, 'general')];

  it('travel as ids, the longest name first', () => {
    expect(encodeMentions('@Ada Lovelace and @Ada in #general', known)).toBe(`<@${love}> and <@${ada}> in <#${ada}>`);
  });

  it('do not touch longer words or addresses', () => {
    expect(encodeMentions('@Adagio a@Ada', known)).toBe('@Adagio a@Ada');
  });

  it('come back as the names that were written', () => {
    const text = 'hello @Ada Lovelace, see #general';
    const back = decodeMentions(encodeMentions(text, known), (kind, id) => (kind === 'channel' ? 'general' : id === love ? 'Ada Lovelace' : 'Ada'));
    expect(back.text).toBe(text);
    expect(encodeMentions(back.text, back.known)).toBe(encodeMentions(text, known));
  });

  it('stay ids when nobody knows the name', () => {
    expect(decodeMentions(`<@${ada}>`, () => null).text).toBe(`<@${ada}>`);
  });

  it('take names with pattern characters literally', () => {
    for (const name of ['a.*b (x)', 'open-bench', 'a/b', '[x]{1}', '$^|\\']) expect(encodeMentions(`@${name}`, [mention('role', ada, name)])).toBe(`<@&${ada}>`);
  });
});
