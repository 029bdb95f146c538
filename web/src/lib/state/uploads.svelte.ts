/** Files on their way to the node, per channel, before the message that carries them is sent. */

import { files as api } from '../api/client';
import type { Attachment, Id } from '../api/types';
import { fileSize } from '../i18n/time';
import { t } from '../i18n/index.svelte';
import { explain, toasts } from './toasts.svelte';
import { Shelf } from './shelf.svelte';

/** The node refuses larger files. */
export const FILE_BYTES_MAX = 25 * 1024 * 1024;
export const FILES_MAX = 10;

export interface Upload {
  id: number;
  name: string;
  size: number;
  share: number;
  attachment: Attachment | null;
  error: string | null;
  preview: string | null;
}

class Uploads {
  #by = new Shelf<Id, Upload[]>();
  #aborts = new Map<number, AbortController>();
  #next = 0;

  in(channelId: Id): Upload[] {
    return this.#by.get(channelId) ?? [];
  }

  add(channelId: Id, files: File[]): void {
    for (const file of files) {
      if (file.size > FILE_BYTES_MAX) {
        toasts.show(t('upload.tooLarge', { name: file.name, size: fileSize(FILE_BYTES_MAX) }), 'warn');
      } else if (this.in(channelId).length >= FILES_MAX) {
        toasts.show(t('upload.tooMany', { n: FILES_MAX }), 'warn');
        return;
      } else {
        void this.#start(channelId, file);
      }
    }
  }

  remove(channelId: Id, id: number): void {
    this.#aborts.get(id)?.abort();
    const gone = this.in(channelId).find((u) => u.id === id);
    if (gone?.preview) URL.revokeObjectURL(gone.preview);
    this.#by.set(channelId, this.in(channelId).filter((u) => u.id !== id));
  }

  /** Hands over what is ready and forgets it. */
  take(channelId: Id): Attachment[] {
    const ready = this.in(channelId).flatMap((u) => (u.attachment === null ? [] : [u.attachment]));
    this.#by.set(channelId, []);
    return ready;
  }

  busy(channelId: Id): boolean {
    return this.in(channelId).some((u) => u.attachment === null && u.error === null);
  }

  async #start(channelId: Id, file: File): Promise<void> {
    const id = (this.#next += 1);
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    const preview = /^image\/(png|jpeg|gif|webp|avif)$/u.test(file.type) ? URL.createObjectURL(file) : null;
    const upload: Upload = { id, name: file.name, size: file.size, share: 0, attachment: null, error: null, preview };
    this.#by.set(channelId, [...this.in(channelId), upload]);
    try {
      const attachment = await api.attach(channelId, file, (share) => this.#patch(channelId, id, { share }), abort.signal);
      this.#patch(channelId, id, { attachment, share: 1 });
    } catch (error) {
      if (!abort.signal.aborted) this.#patch(channelId, id, { error: explain(error) });
    } finally {
      this.#aborts.delete(id);
    }
  }

  #patch(channelId: Id, id: number, patch: Partial<Upload>): void {
    this.#by.set(channelId, this.in(channelId).map((u) => (u.id === id ? { ...u, ...patch } : u)));
  }
}

export const uploads = new Uploads();
