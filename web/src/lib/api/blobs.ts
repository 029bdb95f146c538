/** Images that need the token, kept as object URLs for as long as the tab lives. */

import { files } from './client';
import type { BlobRef } from './types';

const IMAGES_MAX = 400;
const urls = new Map<BlobRef, Promise<string | null>>();

/** Returns an object URL for the image, or null when the node does not have it. */
export function blobUrl(hash: BlobRef): Promise<string | null> {
  const known = urls.get(hash);
  if (known !== undefined) {
    urls.delete(hash);
    urls.set(hash, known);
    return known;
  }
  const loading = files.blob(hash).then(
    (blob) => (blob.type.startsWith('image/') && !blob.type.includes('svg') ? URL.createObjectURL(blob) : null),
    () => {
      urls.delete(hash);
      return null;
    },
  );
  urls.set(hash, loading);
  evict();
  return loading;
}

function evict(): void {
  while (urls.size > IMAGES_MAX) {
    const oldest = urls.keys().next().value;
    if (oldest === undefined) return;
    void urls.get(oldest)?.then((url) => url !== null && URL.revokeObjectURL(url));
    urls.delete(oldest);
  }
}
