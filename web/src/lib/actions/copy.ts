/** Puts text on the clipboard and says so. */

import { t } from '../i18n/index.svelte';
import { toasts } from '../state/toasts.svelte';

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.show(t('common.copied'));
  } catch {
    toasts.show(t('common.copyFailed'), 'error');
  }
}
