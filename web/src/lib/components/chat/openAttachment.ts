/** Opens a file on the sandboxed origin with a ticket that lives for a minute. */

import { files } from '../../api/client';
import type { Attachment } from '../../api/types';
import { attempt } from '../../state/toasts.svelte';

export async function openAttachment(attachment: Attachment): Promise<void> {
  await attempt(async () => {
    const { url } = await files.ticket(attachment.id);
    const link = document.createElement('a');
    link.href = url;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    link.click();
  });
}
