/** Dates, times, sizes and durations in the person's language. */

import { locale, region, t } from './index.svelte';

const DAY_MS = 86_400_000;

function cached(make: (locale: string) => Intl.DateTimeFormat): (ms: number) => string {
  const formats = new Map<string, Intl.DateTimeFormat>();
  return (ms) => {
    const key = region();
    let format = formats.get(key);
    if (format === undefined) {
      format = make(key);
      formats.set(key, format);
    }
    return format.format(ms);
  };
}

/** 14:05 */
export const clock = cached((l) => new Intl.DateTimeFormat(l, { hour: '2-digit', minute: '2-digit' }));
/** Friday, 3 May 2024 */
export const longDay = cached((l) => new Intl.DateTimeFormat(l, { dateStyle: 'full' }));
/** 3 May 2024, 14:05 */
export const fullTime = cached((l) => new Intl.DateTimeFormat(l, { dateStyle: 'long', timeStyle: 'short' }));
/** 03/05/2024, 14:05 */
export const shortTime = cached((l) => new Intl.DateTimeFormat(l, { dateStyle: 'short', timeStyle: 'short' }));
/** 3 May 2024 */
export const date = cached((l) => new Intl.DateTimeFormat(l, { dateStyle: 'medium' }));

/** Today at 14:05, yesterday at 14:05, or the short date. */
export function messageTime(ms: number, nowMs: number): string {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  if (ms >= midnight && ms < midnight + DAY_MS) return t('time.today', { time: clock(ms) });
  if (ms >= midnight - DAY_MS && ms < midnight) return t('time.yesterday', { time: clock(ms) });
  return shortTime(ms);
}

/** Writes the day of a divider. */
export function dayName(ms: number, nowMs: number): string {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  if (ms >= midnight && ms < midnight + DAY_MS) return t('time.day.today');
  if (ms >= midnight - DAY_MS && ms < midnight) return t('time.day.yesterday');
  return longDay(ms);
}

/** Writes how long ago or how far ahead something is. */
export function relative(ms: number, nowMs: number): string {
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const seconds = Math.round((ms - nowMs) / 1000);
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3_600], ['minute', 60]];
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(seconds, 'second');
}

/** Writes a size in bytes the way people read it. */
export function fileSize(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(locale(), { style: 'unit', unit: units[unit] ?? 'byte', unitDisplay: 'short', maximumFractionDigits: unit === 0 ? 0 : 1 }).format(value);
}
