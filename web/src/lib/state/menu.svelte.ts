/** The one context menu or popover that may be open. */

import type { Id } from '../api/types';
import type { IconName } from '../components/ui/icons';

export type MenuItem =
  | { kind: 'action'; label: string; icon?: IconName; danger?: boolean; hint?: string; checked?: boolean; /** Not allowed: choosing it tells why. */ barred?: boolean; act: () => void }
  | { kind: 'separator' };

export interface Anchor {
  x: number;
  y: number;
}

export type Floating =
  | { kind: 'menu'; at: Anchor; label: string; items: MenuItem[] }
  | { kind: 'profile'; at: Anchor; serverId: Id; memberId: Id }
  | { kind: 'emoji'; at: Anchor; pick: (emoji: string) => void };

class FloatingState {
  current = $state.raw<Floating | null>(null);
  #back: HTMLElement | null = null;

  show(floating: Floating): void {
    if (this.current === null) this.#back = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.current = floating;
  }

  /** Opens a menu where the event happened; keyboards open it at the element. */
  menu(event: MouseEvent | KeyboardEvent, label: string, items: MenuItem[]): void {
    event.preventDefault();
    event.stopPropagation();
    if (items.length === 0) return;
    this.show({ kind: 'menu', at: anchorOf(event), label, items });
  }

  close(): void {
    if (this.current === null) return;
    this.current = null;
    const back = this.#back;
    this.#back = null;
    if (back?.isConnected === true) back.focus({ preventScroll: true });
  }
}

/** Returns where something that belongs to the event should open. */
export function anchorOf(event: MouseEvent | KeyboardEvent): Anchor {
  const button = event.type === 'click' && event.target instanceof Element ? event.target.closest('[aria-haspopup]') : null;
  if (button !== null) {
    // A menu hangs below its button and leaves the button to be seen.
    const { left, bottom } = button.getBoundingClientRect();
    return { x: left, y: bottom + 4 };
  }
  if (event instanceof MouseEvent && (event.clientX !== 0 || event.clientY !== 0)) return { x: event.clientX, y: event.clientY };
  const box = (event.currentTarget ?? event.target) as HTMLElement;
  const rect = box.getBoundingClientRect();
  return { x: rect.left + Math.min(24, rect.width / 2), y: rect.top + Math.min(24, rect.height) };
}

export const floating = new FloatingState();
