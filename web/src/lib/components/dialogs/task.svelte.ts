/** A dialog's action: busy while it runs, with its failure in words. */

import { explain } from '../../state/toasts.svelte';

export class Task {
  busy = $state(false);
  error = $state('');

  /** Runs the action; returns whether it succeeded. */
  async run(action: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = '';
    try {
      await action();
      return true;
    } catch (cause) {
      this.error = explain(cause);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
