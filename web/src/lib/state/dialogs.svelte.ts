/** The stack of open dialogs. */

import type { Channel, Id, Member, Message, Role, WhyQuery } from '../api/types';

export type DialogSpec =
  | { kind: 'addServer' }
  | { kind: 'createServer' }
  | { kind: 'join'; link?: string }
  | { kind: 'invite'; serverId: Id; channelId?: Id }
  | { kind: 'createChannel'; serverId: Id; parentId: Id | null; category?: boolean }
  | { kind: 'channelSettings'; channel: Channel; page?: 'overview' | 'permissions' | 'viewAs' | 'readers' }
  | { kind: 'serverSettings'; serverId: Id; page?: string }
  | { kind: 'userSettings'; page?: string }
  | { kind: 'moderate'; serverId: Id; member: Member; act: 'ban' | 'kick' | 'timeout'; reason?: string; minutes?: number }
  | { kind: 'report'; serverId: Id; memberId: Id; name: string; message?: Message }
  | { kind: 'nickname'; serverId: Id; member: Member }
  | { kind: 'newChat'; serverId: Id; member: Member }
  | { kind: 'confirmLink'; url: string }
  | { kind: 'why'; serverId: Id; query: WhyQuery; what: string }
  | { kind: 'switcher' }
  | { kind: 'keyboard' }
  | { kind: 'emojiDetails'; message: Message; emoji: string }
  | { kind: 'copies'; message: Message }
  | { kind: 'confirm'; title: string; text: string; confirm: string; danger?: boolean; act: () => Promise<unknown> }
  | { kind: 'roleDelete'; serverId: Id; role: Role };

export type OpenDialog = DialogSpec & { key: number };

class Dialogs {
  stack = $state.raw<OpenDialog[]>([]);
  #key = 0;

  open(spec: DialogSpec): void {
    this.stack = [...this.stack, { ...spec, key: (this.#key += 1) }];
  }

  close(key: number): void {
    this.stack = this.stack.filter((d) => d.key !== key);
  }

  closeAll(): void {
    this.stack = [];
  }

  get busy(): boolean {
    return this.stack.length > 0;
  }
}

export const dialogs = new Dialogs();
