/** A dialog's action: busy while it runs, with its failure in words. */

import { untrack } from 'svelte';
import { explain } from '../../state/toasts.svelte';

export class Task {
  busy = $state(false);
  error = $state('');
  #generation = 0;

  /** Runs the action unless one runs already; returns whether it succeeded. Never a dependency of the effect that calls it. */
  run(action: () => Promise<unknown>): Promise<boolean> {
    return untrack(() => (this.busy ? Promise.resolve(false) : this.#start(action)));
  }

  /** Runs the action and forgets the one before it: only the newest may report. */
  latest<T>(action: () => Promise<T>, done: (value: T) => void): Promise<boolean> {
    return untrack(() => {
      const generation = (this.#generation += 1);
      return this.#start(async () => {
        const value = await action();
        if (generation === this.#generation) done(value);
      });
    });
  }

  async #start(action: () => Promise<unknown>): Promise<boolean> {
    const generation = this.#generation;
    this.busy = true;
    this.error = '';
    try {
      await action();
      return true;
    } catch (cause) {
      if (generation === this.#generation) this.error = explain(cause);
      return false;
    } finally {
      if (generation === this.#generation) this.busy = false;
    }
  }
}
