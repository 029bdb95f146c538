/** What the composer offers for an unfinished mention, channel or emoji. */

import { members as membersApi } from '../../api/client';
import type { Channel, Member, Server } from '../../api/types';
import { t } from '../../i18n/index.svelte';
import { bestMatches, type Token } from '../../model/completion';
import { mention, type Mention } from '../../model/mentions';
import { safeName } from '../../model/names';
import { allows } from '../../model/permissions';
import { emojiData } from '../../state/emoji.svelte';
import { members } from '../../state/members.svelte';
import { slashCommands } from './slash';

export interface Suggestion {
  key: string;
  insert: string;
  mention: Mention | null;
  label: string;
  detail: string;
  member: Member | null;
  glyph: string | null;
}

const LIMIT = 8;

/** Returns the best completions for the token. */
export async function suggest(server: Server, channel: Channel, token: Token): Promise<Suggestion[]> {
  if (token.trigger === '#') return channelSuggestions(server, token.query);
  if (token.trigger === '/') return bestMatches(slashCommands(server), (name) => name, token.query, LIMIT).map((name) => plain(`slash:${name}`, `/${name}`, t(`slash.${name}.usage`), t(`slash.${name}`), '/'));
  if (token.trigger === ':') {
    await emojiData.load();
    return emojiData.search(token.query, LIMIT).map((e) => plain(`emoji:${e.char}`, e.char, e.shortcodes[0] === undefined ? e.name : `:${e.shortcodes[0]}:`, e.name, e.char));
  }
  return peopleSuggestions(server, channel, token.query);
}

function channelSuggestions(server: Server, query: string): Suggestion[] {
  const channels = server.channels.filter((c) => c.kind !== 'category');
  return bestMatches(channels, (c) => c.name, query, LIMIT).map((c) => {
    const pair = mention('channel', c.id, safeName(c.name));
    return { ...plain(c.id, pair.text, pair.text, '', '#'), mention: pair };
  });
}

async function peopleSuggestions(server: Server, channel: Channel, query: string): Promise<Suggestion[]> {
  const list = members.of(server.id);
  const names = (m: Member) => `${m.name} ${m.display_name}`;
  let people = bestMatches([...list.byId.values()], names, query, LIMIT);
  if (!list.complete && query !== '' && people.length < LIMIT) {
    const page = await membersApi.list(server.id, { query, limit: LIMIT }).catch(() => null);
    list.byId.setAll((page?.members ?? []).map((m) => [m.id, m]));
    people = bestMatches([...list.byId.values()], names, query, LIMIT);
  }
  const everyone = allows(channel.my_permissions, 'MENTION_EVERYONE');
  const roles = server.roles.filter((r) => r.id !== server.id && (r.mentionable || everyone));
  const wide = everyone
    ? [plain('everyone', '@everyone', '@everyone', t('mention.everyone'), '@'), plain('here', '@here', '@here', t('mention.here'), '@')]
    : [];
  return [
    ...people.map((m): Suggestion => {
      const pair = mention('member', m.id, safeName(m.name));
      return { key: m.id, insert: pair.text, mention: pair, label: safeName(m.name), detail: m.nick === null ? '' : safeName(m.display_name), member: m, glyph: null };
    }),
    ...bestMatches(roles, (r) => r.name, query, LIMIT).map((r) => {
      const pair = mention('role', r.id, safeName(r.name));
      return { ...plain(r.id, pair.text, pair.text, t('mention.role'), '@'), mention: pair };
    }),
    ...bestMatches(wide, (s) => s.label.slice(1), query, 2),
  ].slice(0, LIMIT);
}

function plain(key: string, insert: string, label: string, detail: string, glyph: string): Suggestion {
  return { key, insert, mention: null, label, detail, member: null, glyph };
}
