/** People who ask for a friend chat. */

import { servers as api } from '../api/client';
import type { ChatRequest, Id } from '../api/types';

class ChatRequests {
  list = $state.raw<ChatRequest[]>([]);

  async load(): Promise<void> {
    this.list = await api.chatRequests().then((answer) => answer.requests, () => this.list);
  }

  async answer(id: Id, accept: boolean): Promise<void> {
    await api.answerChat(id, accept);
    this.list = this.list.filter((r) => r.id !== id);
  }
}

export const chatRequests = new ChatRequests();
