/** Emoji by name; the data is fetched when somebody first needs it. */

import { locale } from '../i18n/index.svelte';
import { bestMatches } from '../model/completion';

export interface Emoji {
  char: string;
  name: string;
  shortcodes: string[];
  tags: string[];
  group: number;
}

interface Compact {
  unicode: string;
  label: string;
  tags?: string[];
  group?: number;
  order?: number;
  hexcode: string;
}

/** Groups of emojibase that people pick from; 2 holds skin tones and hair. */
export const EMOJI_GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;
export const GROUP_ICON: Record<number, string> = { 0: '😀', 1: '👋', 3: '🌱', 4: '🍎', 5: '🚲', 6: '🎈', 7: '💡', 8: '🔣', 9: '🏳️' };

class EmojiData {
  all = $state.raw<Emoji[]>([]);
  #byCode = $derived(new Map(this.all.flatMap((e) => e.shortcodes.map((code) => [code, e.char] as const))));
  #loading: Promise<void> | null = null;

  load(): Promise<void> {
    this.#loading ??= this.#fetch().catch(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  byShortcode(name: string): string | null {
    if (!/^[\w+-]+$/u.test(name)) return name;
    if (this.all.length === 0) queueMicrotask(() => void this.load());
    return this.#byCode.get(name) ?? null;
  }

  search(query: string, limit: number): Emoji[] {
    return bestMatches(this.all, (e) => `${e.shortcodes.join(' ')} ${e.name} ${e.tags.join(' ')}`, query, limit);
  }

  async #fetch(): Promise<void> {
    const [data, codes] = await Promise.all([
      locale() === 'de' ? import('emojibase-data/de/compact.json') : import('emojibase-data/en/compact.json'),
      import('emojibase-data/en/shortcodes/github.json'),
    ]);
    const shortcodes = codes.default as Record<string, string | string[]>;
    this.all = (data.default as Compact[])
      .filter((e) => e.group !== undefined && e.group !== 2)
      .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
      .map((e) => ({
        char: e.unicode,
        name: e.label,
        shortcodes: [shortcodes[e.hexcode] ?? []].flat(),
        tags: e.tags ?? [],
        group: e.group ?? 0,
      }));
  }
}

export const emojiData = new EmojiData();
