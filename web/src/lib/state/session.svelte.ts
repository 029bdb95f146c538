/** Opens the app: the one-time code, the token, and who I am. */

import { me as meApi, session as api } from '../api/client';
import { ApiError, loadToken, NodeUnreachable, saveToken, whenUnauthorized } from '../api/http';
import type { Me } from '../api/types';
import { prefs } from './prefs.svelte';

export type Phase = 'opening' | 'locked' | 'unreachable' | 'firstRun' | 'ready';

class Session {
  phase = $state<Phase>('opening');
  me = $state.raw<Me | null>(null);

  async open(): Promise<void> {
    this.phase = 'opening';
    whenUnauthorized(() => this.lock());
    try {
      await this.#redeem();
      if (loadToken() === null) return this.lock();
      this.me = await meApi.get();
      await prefs.load();
      this.phase = this.me.created ? 'ready' : 'firstRun';
    } catch (error) {
      if (error instanceof NodeUnreachable) this.phase = 'unreachable';
      else if (error instanceof ApiError) this.lock();
      else throw error;
    }
  }

  /** Creates the account with its name. */
  async name(displayName: string): Promise<void> {
    this.me = await meApi.put({ display_name: displayName });
    this.phase = 'ready';
  }

  lock(): void {
    saveToken(null);
    this.phase = 'locked';
  }

  /** Trades the code of the address for a token and takes the code out of the address. */
  async #redeem(): Promise<void> {
    const match = /^#code=(.+)$/u.exec(location.hash);
    if (match?.[1] === undefined) return;
    const code = decodeURIComponent(match[1]);
    history.replaceState(null, '', location.pathname + location.search);
    const { token } = await api.open(code);
    saveToken(token);
  }
}

export const session = new Session();
