/** The message catalogue in the person's language; switching is live. */

import { en, type Key } from './en';
import { format, type Params, type Text } from './format';

export type { Key } from './en';

/** Languages the app speaks, with their own names. */
export const LOCALES = { en: 'English', de: 'Deutsch' } as const;
export type Locale = keyof typeof LOCALES;

type Catalogue = Record<Key, Text>;

const state = $state<{ locale: Locale; messages: Catalogue }>({ locale: 'en', messages: en });

const loaders: Record<Locale, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import('./de')).de,
};

/** Returns the language in use. */
export function locale(): Locale {
  return state.locale;
}

/** Returns the language with the region that the browser names for it: how dates and times are written. */
export function region(): string {
  return navigator.languages.find((language) => language.slice(0, 2).toLowerCase() === state.locale) ?? state.locale;
}

/** Returns the message in the person's language. */
export function t(key: Key, params: Params = {}): string {
  return format(state.messages[key], params, state.locale);
}

/** Returns the message for a key that is put together at run time, or the fallback. */
export function tMaybe(key: string, fallback: string, params: Params = {}): string {
  return Object.hasOwn(en, key) ? t(key as Key, params) : fallback;
}

/** Picks the closest language to what the browser asks for. */
export function preferredLocale(languages: readonly string[]): Locale {
  for (const language of languages) {
    const short = language.slice(0, 2).toLowerCase();
    if (short in LOCALES) return short as Locale;
  }
  return 'en';
}

/** Switches the language of everything on screen. */
export async function setLocale(next: Locale): Promise<void> {
  const messages = await loaders[next]();
  state.locale = next;
  state.messages = messages;
  document.documentElement.lang = next;
  document.documentElement.dir = 'ltr';
}
