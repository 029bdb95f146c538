/** Role colours as numbers, made readable on the theme's background. */

/** Returns `#rrggbb`. */
export function hex(color: number): string {
  return `#${(color & 0xffffff).toString(16).padStart(6, '0')}`;
}

/** Reads `#rrggbb`. */
export function parseHex(text: string): number | null {
  return /^#[0-9a-f]{6}$/iu.test(text) ? Number.parseInt(text.slice(1), 16) : null;
}

/** Returns a colour for text: mixed with the theme's text colour, so that contrast stays above 4.5. */
export function readableColor(color: number | null): string | null {
  return color === null || color === 0 ? null : `light-dark(${hex(towards(color, false))}, ${hex(towards(color, true))})`;
}

const DARK_BACKGROUND = 0x1e2a2e;
const LIGHT_BACKGROUND = 0xe8eeec;
const CONTRAST_MIN = 4.6;

/** Returns relative luminance as WCAG defines it. */
export function luminance(color: number): number {
  const part = (shift: number) => {
    const c = ((color >> shift) & 0xff) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0);
}

/** Returns the contrast ratio of two colours. */
export function contrast(a: number, b: number): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function towards(color: number, dark: boolean): number {
  const goal = dark ? 0xffffff : 0x000000;
  const background = dark ? DARK_BACKGROUND : LIGHT_BACKGROUND;
  let mixed = color;
  for (let step = 1; step <= 10 && contrast(mixed, background) < CONTRAST_MIN; step += 1) mixed = mix(color, goal, step / 10);
  return mixed;
}

function mix(a: number, b: number, share: number): number {
  const part = (shift: number) => Math.round(((a >> shift) & 0xff) * (1 - share) + ((b >> shift) & 0xff) * share) << shift;
  return part(16) | part(8) | part(0);
}
