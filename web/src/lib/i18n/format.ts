/** The catalogue's tiny format: `{name}` is replaced; a plural message has forms chosen by `{n}`. */

export type Forms = { one: string; other: string };
export type Text = string | Forms;
export type Params = Record<string, string | number>;

/** Returns the names of the parameters of a message. */
export function paramsOf(text: Text): string[] {
  const all = typeof text === 'string' ? [text] : [text.one, text.other];
  const names = new Set(all.flatMap((s) => [...s.matchAll(/\{(\w+)\}/gu)].map((m) => m[1] ?? '')));
  if (typeof text !== 'string') names.add('n');
  return [...names].sort();
}

/** Fills a message with its parameters. */
export function format(text: Text, params: Params, locale: string): string {
  const form = typeof text === 'string' ? text : pluralForm(text, Number(params['n'] ?? 0), locale);
  return form.replace(/\{(\w+)\}/gu, (hole, name: string) => {
    const value = params[name];
    if (value === undefined) return hole;
    return typeof value === 'number' ? value.toLocaleString(locale) : value;
  });
}

function pluralForm(forms: Forms, n: number, locale: string): string {
  return new Intl.PluralRules(locale).select(n) === 'one' ? forms.one : forms.other;
}
