/** Permission bits and the questions the app asks of them; the node remains the judge. */

import type { Bits, Overwrite } from '../api/types';

/** Bit numbers, in the order of the permission table. */
export const PERMISSION_BITS = {
  CREATE_INSTANT_INVITE: 0,
  KICK_MEMBERS: 1,
  BAN_MEMBERS: 2,
  ADMINISTRATOR: 3,
  MANAGE_CHANNELS: 4,
  MANAGE_GUILD: 5,
  ADD_REACTIONS: 6,
  VIEW_AUDIT_LOG: 7,
  VIEW_CHANNEL: 10,
  SEND_MESSAGES: 11,
  SEND_TTS_MESSAGES: 12,
  MANAGE_MESSAGES: 13,
  EMBED_LINKS: 14,
  ATTACH_FILES: 15,
  READ_MESSAGE_HISTORY: 16,
  MENTION_EVERYONE: 17,
  USE_EXTERNAL_EMOJIS: 18,
  CONNECT: 20,
  SPEAK: 21,
  CHANGE_NICKNAME: 26,
  MANAGE_NICKNAMES: 27,
  MANAGE_ROLES: 28,
  MANAGE_WEBHOOKS: 29,
  MANAGE_GUILD_EXPRESSIONS: 30,
  USE_APPLICATION_COMMANDS: 31,
  MANAGE_EVENTS: 33,
  MANAGE_THREADS: 34,
  CREATE_PUBLIC_THREADS: 35,
  CREATE_PRIVATE_THREADS: 36,
  SEND_MESSAGES_IN_THREADS: 38,
  MODERATE_MEMBERS: 40,
  PIN_MESSAGES: 51,
} as const;

export type Permission = keyof typeof PERMISSION_BITS;

export interface PermissionGroup {
  id: 'general' | 'membership' | 'text' | 'threads' | 'voice' | 'advanced';
  permissions: readonly Permission[];
  /** Whether the bits of this group make sense in a channel overwrite. */
  channel: boolean;
}

/** All bits, in the groups in which the editors show them. */
export const PERMISSION_GROUPS: readonly PermissionGroup[] = [
  {
    id: 'general',
    channel: true,
    permissions: ['VIEW_CHANNEL', 'MANAGE_CHANNELS', 'MANAGE_ROLES', 'CREATE_INSTANT_INVITE', 'MANAGE_WEBHOOKS'],
  },
  {
    id: 'membership',
    channel: false,
    permissions: ['MANAGE_GUILD', 'VIEW_AUDIT_LOG', 'MANAGE_GUILD_EXPRESSIONS', 'CHANGE_NICKNAME', 'MANAGE_NICKNAMES', 'KICK_MEMBERS', 'BAN_MEMBERS', 'MODERATE_MEMBERS'],
  },
  {
    id: 'text',
    channel: true,
    permissions: [
      'SEND_MESSAGES', 'READ_MESSAGE_HISTORY', 'ATTACH_FILES', 'EMBED_LINKS', 'ADD_REACTIONS', 'USE_EXTERNAL_EMOJIS',
      'MENTION_EVERYONE', 'MANAGE_MESSAGES', 'PIN_MESSAGES', 'USE_APPLICATION_COMMANDS', 'SEND_TTS_MESSAGES',
    ],
  },
  {
    id: 'threads',
    channel: true,
    permissions: ['SEND_MESSAGES_IN_THREADS', 'CREATE_PUBLIC_THREADS', 'CREATE_PRIVATE_THREADS', 'MANAGE_THREADS'],
  },
  { id: 'voice', channel: true, permissions: ['CONNECT', 'SPEAK'] },
  { id: 'advanced', channel: false, permissions: ['MANAGE_EVENTS', 'ADMINISTRATOR'] },
];

/** The largest set, as a mask of the defined bits. */
export const ALL_PERMISSIONS: bigint = Object.values(PERMISSION_BITS).reduce((all, bit) => all | (1n << BigInt(bit)), 0n);

/** Returns the mask of one permission. */
export function mask(permission: Permission): bigint {
  return 1n << BigInt(PERMISSION_BITS[permission]);
}

/** Reads a decimal bit set; anything that is not one is the empty set. */
export function bits(value: Bits | null | undefined): bigint {
  return value !== null && value !== undefined && /^[0-9]{1,20}$/.test(value) ? BigInt.asUintN(64, BigInt(value)) : 0n;
}

/** Tells whether the set grants the permission; ADMINISTRATOR grants all. */
export function allows(set: Bits | null | undefined, permission: Permission): boolean {
  return (bits(set) & (mask(permission) | mask('ADMINISTRATOR'))) !== 0n;
}

/** Tells whether exactly this bit is in the set. */
export function contains(set: Bits, permission: Permission): boolean {
  return (bits(set) & mask(permission)) !== 0n;
}

/** Returns the set with one bit switched on or off. */
export function withPermission(set: Bits, permission: Permission, on: boolean): Bits {
  const all = bits(set);
  return String(on ? all | mask(permission) : all & ~mask(permission));
}

export type Tri = 'allow' | 'neutral' | 'deny';

/** Reads one bit of an overwrite. */
export function triState(overwrite: Pick<Overwrite, 'allow' | 'deny'>, permission: Permission): Tri {
  if (contains(overwrite.allow, permission)) return 'allow';
  return contains(overwrite.deny, permission) ? 'deny' : 'neutral';
}

/** Sets one bit of an overwrite; the two sets stay disjoint. */
export function withTri<O extends Pick<Overwrite, 'allow' | 'deny'>>(overwrite: O, permission: Permission, value: Tri): O {
  return {
    ...overwrite,
    allow: withPermission(overwrite.allow, permission, value === 'allow'),
    deny: withPermission(overwrite.deny, permission, value === 'deny'),
  };
}

/** Tells whether the overwrite changes nothing. */
export function isNeutral(overwrite: Pick<Overwrite, 'allow' | 'deny'>): boolean {
  return bits(overwrite.allow) === 0n && bits(overwrite.deny) === 0n;
}
