/** The local API, version 1: the exact shapes that travel between the node and its clients. */

/** Lower-case hexadecimal; servers, channels, roles, messages and identities use 64 characters. */
export type Id = string;
/** Decimal digits of an unsigned 64-bit permission set. */
export type Bits = string;
/** Hex hash of an image that `GET /blobs/{hash}` serves. */
export type BlobRef = string;

export type Durability = 'strict' | 'replicated' | 'guaranteed' | 'ephemeral';
export type ServerKind = 'community' | 'chat';
export type ChannelKind = 'text' | 'category' | 'announcement';
export type Presence = 'online' | 'idle' | 'dnd' | 'offline';
export type NotifyLevel = 'all' | 'mentions' | 'none';

export interface Me {
  /** Null until the account is created. */
  identity_id: Id | null;
  display_name: string;
  avatar: BlobRef | null;
  bio: string;
  status_text: string | null;
  presence: Presence;
  device_id: Id | null;
  created: boolean;
  profile: string;
  version: string;
}

export interface ServerState {
  connection: 'online' | 'connecting' | 'paused' | 'halted' | 'removed';
  peers: number;
  catching_up: { done: number; total: number } | null;
  reason: string | null;
}

export interface ServerSummary {
  id: Id;
  name: string;
  icon: BlobRef | null;
  kind: ServerKind;
  owner_id: Id;
  unread: boolean;
  mentions: number;
  member_count: number;
  me_member_id: Id;
  state: ServerState;
}

export interface Server extends ServerSummary {
  description: string;
  channels: Channel[];
  roles: Role[];
  my_roles: Id[];
  my_permissions: Bits;
  default_durability: Durability;
  joins_paused: boolean;
  /** Own acts that did not survive a merge and that I have not been shown. */
  lost_unseen: number;
}

export interface Named {
  id: Id;
  name: string;
  member: boolean;
}

/** An open claim to a server. */
export interface Claim {
  id: Id;
  by: Named;
  heir: Named;
  title: 'recovery_key' | 'successor' | 'council';
  known_since_ms: number;
  /** When this device may first attest the delay. */
  ripe_at_ms: number;
  confirmed: Named[];
  missing: Named[];
  needed: number;
  may_confirm: boolean;
  may_take: boolean;
  may_veto: boolean;
}

/** Who owns a server, and who may after them. */
export interface Ownership {
  owner: Named;
  began: 'founding' | 'transfer' | 'succession';
  since_ms: number;
  mine: boolean;
  root_here: boolean;
  succession: {
    id: Id;
    successors: Named[];
    recovery_keys: Id[];
    council: Named[];
    quorum: number;
    delay_days: number;
    needed: number;
    delay_trustworthy: boolean;
    may_claim: boolean;
    may_claim_for_others: boolean;
  } | null;
  claims: Claim[];
}

/** A server that members have founded to succeed another. */
export interface Successor {
  id: Id;
  name: string;
  founder: Named;
  founded_ms: number;
  descent: 'verified' | 'false' | 'unknown';
  joined: boolean;
  same_structure: boolean | null;
}

export interface Successors {
  successors: Successor[];
  parent: { id: Id; name: string | null; descent: 'verified' | 'false' | 'unknown' } | null;
}

export interface Overwrite {
  kind: 'role' | 'member';
  id: Id;
  allow: Bits;
  deny: Bits;
}

export interface Channel {
  id: Id;
  server_id: Id;
  kind: ChannelKind;
  name: string;
  topic: string;
  parent_id: Id | null;
  position: string;
  private: boolean;
  synced: boolean;
  durability: Durability;
  ttl_ms: number | null;
  slow_mode_s: number;
  overwrites: Overwrite[];
  my_permissions: Bits;
  unread: boolean;
  mentions: number;
  last_message_id: Id | null;
  last_read_id: Id | null;
  muted: boolean;
  level: NotifyLevel;
  readers: number;
  epoch: string | null;
}

export interface Role {
  id: Id;
  name: string;
  color: number | null;
  hoist: boolean;
  mentionable: boolean;
  permissions: Bits;
  position: string;
  rank: number;
}

export interface Member {
  id: Id;
  display_name: string;
  nick: string | null;
  name: string;
  avatar: BlobRef | null;
  bio: string | null;
  roles: Id[];
  color: number | null;
  joined_ms: number;
  timeout_until_ms: number | null;
  owner: boolean;
  bot: boolean;
  presence: Presence;
  status_text: string | null;
  online_devices: number;
  pseudonym: string;
}

export type DeliveryState = 'sending' | 'local' | 'with_peers' | 'on_hub' | 'accepted' | 'failed';

export interface Delivery {
  state: DeliveryState;
  copies: { devices: number; hubs: number };
  reason: string | null;
}

export interface ReplyPreview {
  id: Id;
  /** Null while the message is not here. */
  author_id: Id | null;
  author_name: string;
  excerpt: string;
  deleted: boolean;
}

export interface Reaction {
  emoji: string;
  count: number;
  me: boolean;
  member_ids: Id[];
}

export interface Attachment {
  id: Id;
  name: string;
  mime: string;
  size: number;
  width: number | null;
  height: number | null;
  state: 'ready' | 'fetching' | 'missing';
  url: string;
}

export interface Message {
  id: Id;
  channel_id: Id;
  server_id: Id;
  author_id: Id;
  author_name: string;
  author_color: number | null;
  author_avatar: BlobRef | null;
  time_ms: number;
  edited_ms: number | null;
  deleted: boolean;
  content: string;
  tree: MdNode[];
  reply_to: ReplyPreview | null;
  reactions: Reaction[];
  attachments: Attachment[];
  mentions: { everyone: boolean; members: Id[]; roles: Id[]; me: boolean };
  pinned: boolean;
  delivery: Delivery;
  late: boolean;
  held: boolean;
  nonce: string | null;
  sort: string;
  kind: 'user' | 'system';
}

export type MdNode =
  | { t: 'text'; v: string }
  | { t: 'bold' | 'italic' | 'strike' | 'underline' | 'spoiler' | 'quote' | 'paragraph'; c: MdNode[] }
  | { t: 'heading'; level: number; c: MdNode[] }
  | { t: 'code'; v: string }
  | { t: 'codeblock'; lang: string | null; v: string }
  | { t: 'link'; url: string; c: MdNode[] }
  | { t: 'list'; ordered: boolean; start: number | null; items: MdNode[][] }
  | { t: 'break' }
  | { t: 'mention'; kind: 'member' | 'role' | 'channel' | 'everyone' | 'here'; id: Id | null; label: string }
  | { t: 'emoji'; name: string };

export interface Invite {
  id: Id;
  /** The link; only to its creator. */
  code: string | null;
  url: string | null;
  kind: 'open' | 'closed';
  inviter_id: Id;
  channel_id: Id | null;
  role_id: Id | null;
  max_uses: number | null;
  uses: number;
  expires_ms: number | null;
  created_ms: number;
  revoked: boolean;
}

export interface InvitePreview {
  server_id: Id;
  server_name: string;
  inviter_name: string;
  kind: 'open' | 'closed';
  expires_ms: number | null;
  member_count: number | null;
  privacy: string;
  valid: boolean;
  already_member: boolean;
}

export interface AuditEntry {
  id: Id;
  time_ms: number;
  actor_id: Id;
  actor_name: string;
  action: string;
  target_id: Id | null;
  target_name: string | null;
  reason: string | null;
  changes: { field: string; before: unknown; after: unknown }[];
  effective: boolean;
  why_not: string | null;
  overruled_by: Overruling | null;
}

export interface Overruling {
  id: Id;
  rule: string;
  actor_id: Id;
  actor_name: string;
  action: string;
  target_name: string | null;
  reason: string | null;
  time_ms: number;
}

export interface LostEntry extends AuditEntry {
  own: boolean;
  noticed_ms: number | null;
  counted_here: boolean;
  acknowledged: boolean;
}

export interface Ban {
  id: Id;
  name: string;
  reason: string | null;
  time_ms: number;
  actor_id: Id;
}

export interface ChannelKeys {
  audience: string;
  epoch: string | null;
  since_ms: number | null;
  suite: string;
  readers: { member_id: Id; name: string }[];
  links: { invite_id: Id; kind: 'open' | 'closed' }[];
  former: { member_id: Id; name: string; until_ms: number | null }[];
}

export interface NetworkInfo {
  node_id: string;
  addresses: string[];
  relays: { url: string; state: string; latency_ms: number | null }[];
  peers: {
    node_id: string;
    member_ids: Id[];
    servers: Id[];
    path: 'direct' | 'relayed';
    via: string | null;
    rtt_ms: number | null;
  }[];
  listening: boolean;
}

export interface DoctorCheck {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  summary: string;
  advice: string | null;
}

export interface ApiToken {
  id: Id;
  name: string;
  actions: string[];
  server_id?: Id | null;
  token?: string;
}

/** Somebody asks for a friend chat. */
export interface ChatRequest {
  id: Id;
  from_id: Id;
  from_name: string;
  via_server_id: Id;
}

/** Proofs that other devices stored a message. */
export interface Copies {
  devices: { pseudonym: string; member_id: Id | null; time_ms: number }[];
}

export interface MessagePage {
  messages: Message[];
  has_before: boolean;
  has_after: boolean;
  first_unread_id: Id | null;
}

export interface SearchPage {
  results: Message[];
  total_estimate: number;
  indexed_from_ms: number | null;
}

export interface Named {
  id: Id;
  name: string;
}

export interface WhyQuery {
  member: Id;
  action: string;
  channel?: Id;
  target?: Id;
  role?: Id;
}

export interface Why {
  allowed: boolean;
  member: Named;
  steps: WhyStep[];
}

export interface WhyStep {
  kind: string;
  gives: boolean | null;
  role: Named | null;
  channel: Named | null;
  member: Named | null;
  permissions: string[];
  denies: string[];
  until_ms: number | null;
  code: string | null;
  words: string | null;
  events: { id: Id; action: string; target_name: string | null; actor_id: Id; actor_name: string; time_ms: number; reason: string | null }[];
}

export interface Prune {
  count: number;
  members: Named[];
  unread_channels: number;
  since_ms: number;
}
