/** Every route of the local API as one typed function. */

import { path, request, requestBlob, upload } from './http';
import type * as T from './types';

const enc = encodeURIComponent;

export const session = {
  open: (code: string) => request<{ token: string }>('POST', '/session', { code }),
};

export const me = {
  get: () => request<T.Me>('GET', '/me'),
  put: (patch: Partial<{ display_name: string; bio: string; avatar_blob: string | null; status_text: string | null; presence: T.Presence }>) =>
    request<T.Me>('PUT', '/me', patch),
};

export interface AuditQuery {
  limit?: number;
  before?: T.Id | undefined;
  action?: string;
  actor?: T.Id;
  target?: T.Id;
  since?: number | undefined;
  effective?: boolean | undefined;
}

export const servers = {
  list: () => request<{ servers: T.ServerSummary[] }>('GET', '/servers'),
  get: (s: T.Id) => request<T.Server>('GET', path(['servers', s])),
  create: (body: { name: string; template?: T.ServerKind; icon_blob?: string }) => request<T.Server>('POST', '/servers', body),
  patch: (s: T.Id, body: { name?: string; description?: string; icon_blob?: string | null; joins_paused?: boolean; reason?: string | undefined }) =>
    request<T.Server>('PATCH', path(['servers', s]), body),
  leave: (s: T.Id) => request<void>('POST', path(['servers', s, 'leave'])),
  read: (s: T.Id) => request<void>('POST', path(['servers', s, 'read'])),
  audit: (s: T.Id, q: AuditQuery) => request<{ entries: T.AuditEntry[]; next: T.Id | null }>('GET', path(['servers', s, 'audit'], { ...q })),
  lost: (s: T.Id) => request<{ entries: T.LostEntry[] }>('GET', path(['servers', s, 'lost'])),
  lostSeen: (s: T.Id) => request<void>('POST', path(['servers', s, 'lost', 'seen'])),
  checkpoints: (s: T.Id) => request<T.Finality>('GET', path(['servers', s, 'checkpoints'])),
  makeCheckpoint: (s: T.Id) => request<T.Finality>('POST', path(['servers', s, 'checkpoints'])),
  chatRequests: () => request<{ requests: T.ChatRequest[] }>('GET', '/chats/requests'),
  answerChat: (id: T.Id, accept: boolean) => request<void>('POST', path(['chats', 'requests', id]), { accept }),
  chat: (from_server: T.Id, member_ids: T.Id[]) => request<T.Server>('POST', '/chats', { from_server, member_ids }),
};

export interface SuccessionDraft {
  successors: T.Id[];
  recovery_keys: T.Id[];
  council: T.Id[];
  quorum: number;
  delay_days: number;
}

export const ownership = {
  get: (s: T.Id) => request<T.Ownership>('GET', path(['servers', s, 'ownership'])),
  transfer: (s: T.Id, member_id: T.Id) => request<T.Ownership>('POST', path(['servers', s, 'ownership', 'transfer']), { member_id }),
  set: (s: T.Id, body: SuccessionDraft) => request<T.Ownership>('PUT', path(['servers', s, 'succession']), body),
  claim: (s: T.Id, body: { heir_id?: T.Id; recovery_key?: string }) => request<T.Ownership>('POST', path(['servers', s, 'succession', 'claims']), body),
  act: (s: T.Id, claim: T.Id, act: 'confirm' | 'take' | 'veto') => request<T.Ownership>('POST', path(['servers', s, 'succession', 'claims', claim, act])),
  successors: (s: T.Id) => request<T.Successors>('GET', path(['servers', s, 'successors'])),
  fork: (s: T.Id, body: { name?: string; with_members_roles: boolean }) => request<T.Server>('POST', path(['servers', s, 'successors']), body),
  follow: (s: T.Id, successor: T.Id) => request<T.Server>('POST', path(['servers', s, 'successors', successor, 'follow'])),
  recoveryKey: () => request<{ key: T.Id; secret: string }>('POST', '/recovery-keys'),
};

export const members = {
  list: (s: T.Id, q: { query?: string; limit?: number; after?: T.Id | undefined }) =>
    request<{ members: T.Member[]; total: number }>('GET', path(['servers', s, 'members'], q)),
  get: (s: T.Id, m: T.Id) => request<T.Member>('GET', path(['servers', s, 'members', m])),
  patch: (s: T.Id, m: T.Id, body: { nick?: string | null; roles?: T.Id[]; timeout_until_ms?: number | null; reason?: string }) =>
    request<T.Member>('PATCH', path(['servers', s, 'members', m]), body),
  kick: (s: T.Id, m: T.Id, reason?: string) => request<void>('POST', path(['servers', s, 'members', m, 'kick']), { reason }),
  giveRole: (s: T.Id, m: T.Id, r: T.Id) => request<void>('PUT', path(['servers', s, 'members', m, 'roles', r])),
  takeRole: (s: T.Id, m: T.Id, r: T.Id) => request<void>('DELETE', path(['servers', s, 'members', m, 'roles', r])),
};

export const moderation = {
  why: (s: T.Id, q: T.WhyQuery) => request<T.Why>('GET', path(['servers', s, 'why'], { ...q })),
  permissions: (s: T.Id, m: T.Id, channel?: T.Id) => request<{ permissions: T.Bits }>('GET', path(['servers', s, 'members', m, 'permissions'], { channel })),
  banMany: (s: T.Id, body: { member_ids: T.Id[]; reason?: string | undefined; delete_messages_ms?: number }) => request<{ count: number }>('POST', path(['servers', s, 'bans']), body),
  prunePreview: (s: T.Id, days: number) => request<T.Prune>('GET', path(['servers', s, 'prune'], { days })),
  prune: (s: T.Id, body: { days: number; reason?: string | undefined }) => request<{ count: number }>('POST', path(['servers', s, 'prune']), body),
};

export const reports = {
  list: (s: T.Id) => request<{ reports: T.Report[] }>('GET', path(['servers', s, 'reports'])),
  make: (s: T.Id, body: { member_id: T.Id; message_id?: T.Id | undefined; reason: string }) => request<{ devices: number }>('POST', path(['servers', s, 'reports']), body),
  dismiss: (s: T.Id, report: number) => request<void>('DELETE', path(['servers', s, 'reports', String(report)])),
};

export const bans = {
  list: (s: T.Id) => request<{ bans: T.Ban[] }>('GET', path(['servers', s, 'bans'])),
  put: (s: T.Id, m: T.Id, body: { reason?: string; delete_messages_ms?: number }) =>
    request<void>('PUT', path(['servers', s, 'bans', m]), body),
  remove: (s: T.Id, m: T.Id, reason?: string) => request<void>('DELETE', path(['servers', s, 'bans', m]), { reason }),
};

export interface ChannelDraft {
  name: string;
  kind: T.ChannelKind;
  topic?: string;
  parent_id?: T.Id | null;
  private?: boolean;
  overwrites?: T.Overwrite[];
  durability?: T.Durability;
}

export interface ChannelPatch {
  name?: string;
  topic?: string;
  parent_id?: T.Id | null;
  position?: { before: T.Id } | { after: T.Id };
  slow_mode_s?: number;
  durability?: T.Durability;
  ttl_ms?: number | null;
}

export const channels = {
  create: (s: T.Id, body: ChannelDraft) => request<T.Channel>('POST', path(['servers', s, 'channels']), body),
  patch: (c: T.Id, body: ChannelPatch) => request<T.Channel>('PATCH', path(['channels', c]), body),
  remove: (c: T.Id) => request<void>('DELETE', path(['channels', c])),
  putOverwrite: (c: T.Id, o: T.Overwrite) =>
    request<void>('PUT', path(['channels', c, 'overwrites', o.kind, o.id]), { allow: o.allow, deny: o.deny }),
  removeOverwrite: (c: T.Id, kind: 'role' | 'member', id: T.Id) =>
    request<void>('DELETE', path(['channels', c, 'overwrites', kind, id])),
  sync: (c: T.Id) => request<void>('POST', path(['channels', c, 'sync'])),
  settings: (c: T.Id, body: { muted?: boolean; level?: T.NotifyLevel }) => request<void>('PATCH', path(['channels', c, 'settings']), body),
  keys: (c: T.Id) => request<T.ChannelKeys>('GET', path(['channels', c, 'keys'])),
  typing: (c: T.Id) => request<void>('POST', path(['channels', c, 'typing'])),
  read: (c: T.Id, message_id: T.Id) => request<void>('POST', path(['channels', c, 'read']), { message_id }),
  unread: (c: T.Id, message_id: T.Id) => request<void>('POST', path(['channels', c, 'unread']), { message_id }),
  draft: (c: T.Id) => request<{ text: string }>('GET', path(['channels', c, 'draft'])),
  putDraft: (c: T.Id, text: string) => request<void>('PUT', path(['channels', c, 'draft']), { text }),
};

export interface RoleDraft {
  name: string;
  color?: number | null;
  hoist?: boolean;
  mentionable?: boolean;
  permissions?: T.Bits;
}

export const roles = {
  create: (s: T.Id, body: RoleDraft) => request<T.Role>('POST', path(['servers', s, 'roles']), body),
  patch: (s: T.Id, r: T.Id, body: Partial<RoleDraft> & { position?: { above: T.Id } | { below: T.Id } }) =>
    request<T.Role>('PATCH', path(['servers', s, 'roles', r]), body),
  remove: (s: T.Id, r: T.Id) => request<void>('DELETE', path(['servers', s, 'roles', r])),
};

export const messages = {
  page: (c: T.Id, q: { before?: T.Id; after?: T.Id; around?: T.Id; limit?: number }) =>
    request<T.MessagePage>('GET', path(['channels', c, 'messages'], q)),
  send: (c: T.Id, body: { content: string; reply_to?: T.Id; attachments?: T.Id[]; nonce: string }) =>
    request<T.Message>('POST', path(['channels', c, 'messages']), body),
  edit: (m: T.Id, content: string) => request<T.Message>('PATCH', path(['messages', m]), { content }),
  remove: (m: T.Id) => request<void>('DELETE', path(['messages', m])),
  react: (m: T.Id, emoji: string) => request<void>('PUT', path(['messages', m, 'reactions', emoji])),
  unreact: (m: T.Id, emoji: string) => request<void>('DELETE', path(['messages', m, 'reactions', emoji])),
  pin: (m: T.Id, pinned: boolean) => request<void>('PUT', path(['messages', m, 'pin']), { pinned }),
  copies: (m: T.Id) => request<T.Copies>('GET', path(['messages', m, 'copies'])),
  search: (q: { q: string; server?: T.Id; channel?: T.Id; limit?: number; before?: T.Id }) =>
    request<T.SearchPage>('GET', path(['search'], q)),
};

export const files = {
  attach: (c: T.Id, file: File, progress: (share: number) => void, signal?: AbortSignal) =>
    upload<T.Attachment>(
      path(['channels', c, 'attachments']),
      file,
      { 'X-Filename': enc(file.name), 'Content-Type': file.type === '' ? 'application/octet-stream' : file.type },
      progress,
      signal,
    ),
  ticket: (a: T.Id) => request<{ url: string }>('POST', path(['attachments', a, 'ticket'])),
  putBlob: (image: Blob) => upload<{ hash: T.BlobRef }>('/blobs', image, { 'Content-Type': image.type }, () => {}),
  blob: (hash: T.BlobRef) => requestBlob(path(['blobs', hash])),
};

export const invites = {
  list: (s: T.Id) => request<{ invites: T.Invite[] }>('GET', path(['servers', s, 'invites'])),
  create: (s: T.Id, body: { kind?: 'open' | 'closed'; channel_id?: T.Id; role_id?: T.Id; max_uses?: number; expires_in_s?: number }) =>
    request<T.Invite>('POST', path(['servers', s, 'invites']), body),
  revoke: (s: T.Id, id: T.Id) => request<void>('DELETE', path(['servers', s, 'invites', id])),
  inspect: (link: string) => request<T.InvitePreview>('POST', '/invites/inspect', { link }),
  join: (link: string) => request<{ server: T.ServerSummary }>('POST', '/invites/join', { link }),
};

export const node = {
  network: () => request<T.NetworkInfo>('GET', '/network'),
  doctor: () => request<{ checks: T.DoctorCheck[] }>('GET', '/doctor'),
  tokens: () => request<{ tokens: T.ApiToken[] }>('GET', '/tokens'),
  createToken: (body: { name: string; actions: string[]; server_id?: T.Id }) => request<T.ApiToken>('POST', '/tokens', body),
  revokeToken: (id: T.Id) => request<void>('DELETE', path(['tokens', id])),
  settings: () => request<Record<string, unknown>>('GET', '/settings'),
  putSettings: (value: Record<string, unknown>) => request<void>('PUT', '/settings', value),
};
