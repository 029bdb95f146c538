/** Finds the names of what a message mentions. */

import type { Server } from '../../api/types';
import { safeName } from '../../model/names';
import type { MentionKind } from '../../model/mentions';
import { members } from '../../state/members.svelte';

export function nameLookup(server: Server): (kind: MentionKind, id: string) => string | null {
  return (kind, id) => {
    const found =
      kind === 'member'
        ? members.of(server.id).byId.get(id)?.name
        : kind === 'role'
          ? server.roles.find((r) => r.id === id)?.name
          : server.channels.find((c) => c.id === id)?.name;
    return found === undefined ? null : safeName(found);
  };
}
