/** Short messages at the edge of the window. */

import { ApiError, NodeUnreachable } from '../api/http';
import { t, tMaybe } from '../i18n/index.svelte';

export type ToastLevel = 'info' | 'warn' | 'error';
export interface Toast {
  id: number;
  level: ToastLevel;
  text: string;
}

const SHOWN_MAX = 4;
const SHOWN_MS = 6_000;

class Toasts {
  list = $state<Toast[]>([]);
  #next = 0;

  show(text: string, level: ToastLevel = 'info'): void {
    const id = (this.#next += 1);
    this.list = [...this.list, { id, level, text }].slice(-SHOWN_MAX);
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Explains a failure in the person's language, with the node's own words where there are no better ones. */
  failure(error: unknown): void {
    this.show(explain(error), 'error');
  }
}

/** Returns what a failure means for the person. */
export function explain(error: unknown): string {
  if (error instanceof NodeUnreachable) return t('error.unreachable');
  if (error instanceof ApiError) return explainRefusal(error);
  return error instanceof Error ? error.message : String(error);
}

function explainRefusal(error: ApiError): string {
  const permission = error.details['permission'];
  if (typeof permission !== 'string') return tMaybe(`error.${error.code}`, error.message);
  return t('error.permission', { permission: tMaybe(`perm.${permission}`, permission) });
}

export const toasts = new Toasts();

/** Runs an action and shows its failure; returns whether it succeeded. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    toasts.failure(error);
    return false;
  }
}
