/** The person's preferences: kept by the node in the private topic, the look also in this browser. */

import { node } from '../api/client';
import { LOCALES, preferredLocale, setLocale, type Locale } from '../i18n/index.svelte';

export type Theme = 'system' | 'dark' | 'light';
export type Preview = 'full' | 'sender' | 'none';

export interface Prefs {
  locale: Locale | null;
  theme: Theme;
  reducedMotion: boolean;
  notify: boolean;
  preview: Preview;
  collapsed: string[];
  membersHidden: boolean;
  railOrder: string[];
  quickEmoji: string[];
}

const DEFAULTS: Prefs = {
  locale: null,
  theme: 'system',
  reducedMotion: false,
  notify: false,
  preview: 'sender',
  collapsed: [],
  membersHidden: false,
  railOrder: [],
  quickEmoji: ['👍', '❤️', '😄'],
};

const LOOK_KEY = 'conclave.look';
const SAVE_DELAY_MS = 600;
const LIST_MAX = 400;

class PrefsStore {
  value = $state<Prefs>({ ...DEFAULTS });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unknown: Record<string, unknown> = {};

  /** Applies the look before anything is drawn. */
  early(): void {
    try {
      this.value = { ...DEFAULTS, ...sanitize(JSON.parse(localStorage.getItem(LOOK_KEY) ?? '{}')) };
    } catch {
      this.value = { ...DEFAULTS };
    }
    this.#apply();
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.#apply());
    matchMedia('(prefers-reduced-motion: reduce)').addEventListener('change', () => this.#apply());
  }

  /** Reads what the node keeps. */
  async load(): Promise<void> {
    this.#unknown = await node.settings().catch((): Record<string, unknown> => ({}));
    this.value = { ...this.value, ...sanitize(this.#unknown) };
    this.#apply();
  }

  set<K extends keyof Prefs>(key: K, value: Prefs[K]): void {
    this.value = { ...this.value, [key]: value };
    this.#apply();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void node.putSettings({ ...this.#unknown, ...this.value }).catch(() => {}), SAVE_DELAY_MS);
  }

  toggleCollapsed(id: string): void {
    const list = this.value.collapsed;
    this.set('collapsed', list.includes(id) ? list.filter((x) => x !== id) : [...list, id].slice(-LIST_MAX));
  }

  /** Moves an emoji that was used to the front of the quick ones. */
  usedEmoji(emoji: string): void {
    if (this.value.quickEmoji[0] === emoji) return;
    this.set('quickEmoji', [emoji, ...this.value.quickEmoji.filter((e) => e !== emoji)].slice(0, 3));
  }

  #apply(): void {
    const { theme, reducedMotion, locale } = this.value;
    const light = theme === 'light' || (theme === 'system' && matchMedia('(prefers-color-scheme: light)').matches);
    const root = document.documentElement;
    root.dataset['theme'] = light ? 'light' : 'dark';
    const reduced = reducedMotion || matchMedia('(prefers-reduced-motion: reduce)').matches;
    root.dataset['motion'] = reduced ? 'reduced' : 'full';
    void setLocale(locale ?? preferredLocale(navigator.languages));
    localStorage.setItem(LOOK_KEY, JSON.stringify({ theme, reducedMotion, locale }));
  }
}

/** Takes over only what has the expected shape. */
function sanitize(raw: unknown): Partial<Prefs> {
  if (typeof raw !== 'object' || raw === null) return {};
  const r = raw as Record<string, unknown>;
  const out: Partial<Prefs> = {};
  if (typeof r['locale'] === 'string' && r['locale'] in LOCALES) out.locale = r['locale'] as Locale;
  if (r['theme'] === 'dark' || r['theme'] === 'light' || r['theme'] === 'system') out.theme = r['theme'];
  if (r['preview'] === 'full' || r['preview'] === 'sender' || r['preview'] === 'none') out.preview = r['preview'];
  for (const key of ['reducedMotion', 'notify', 'membersHidden'] as const) {
    if (typeof r[key] === 'boolean') out[key] = r[key];
  }
  for (const key of ['collapsed', 'railOrder', 'quickEmoji'] as const) {
    const list = r[key];
    if (Array.isArray(list)) out[key] = list.filter((x): x is string => typeof x === 'string').slice(0, LIST_MAX);
  }
  return out;
}

export const prefs = new PrefsStore();
