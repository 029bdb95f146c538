/** Reads message trees: plain text, size of emoji-only messages, and which links may open. */

import type { MdNode } from '../api/types';

/** Deeper nodes are shown as their text; the node's parser limits depth, this is the second line. */
export const DEPTH_MAX = 16;
const JUMBO_MAX = 6;

/** Returns the text of a tree, for excerpts and for labels. */
export function plainText(nodes: readonly MdNode[], depth = 0): string {
  if (depth > DEPTH_MAX) return '';
  return nodes.map((node) => plainNode(node, depth)).join('');
}

function plainNode(node: MdNode, depth: number): string {
  switch (node.t) {
    case 'text':
    case 'code':
    case 'codeblock':
      return node.v;
    case 'break':
      return '\n';
    case 'mention':
      return node.label;
    case 'emoji':
      return node.name;
    case 'list':
      return node.items.map((item) => plainText(item, depth + 1)).join('\n');
    default:
      return Array.isArray((node as { c?: unknown }).c) ? plainText(node.c, depth + 1) : '';
  }
}

const EMOJI_ONLY = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier}|\u200d|\ufe0f|\p{Regional_Indicator}|\s)+$/u;

/** Tells whether a message is nothing but a few emoji, which are shown large. */
export function isJumbo(nodes: readonly MdNode[]): boolean {
  const flat = nodes.length === 1 && nodes[0]?.t === 'paragraph' ? nodes[0].c : nodes;
  if (flat.length === 0 || flat.some((n) => n.t !== 'text' && n.t !== 'emoji')) return false;
  const text = plainText(flat).trim();
  if (text === '' || !EMOJI_ONLY.test(text)) return false;
  const letters = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)];
  return letters.filter((s) => s.segment.trim() !== '').length <= JUMBO_MAX;
}

/** Returns the address when it may be opened: web, mail and invite links, nothing that runs. */
export function openableUrl(url: string): URL | null {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  return ['http:', 'https:', 'mailto:', 'conclave:'].includes(parsed.protocol) ? parsed : null;
}

/** Tells whether the shown text pretends to be another address than the one it opens. */
export function isDeceptive(url: string, shown: string): boolean {
  const host = /(?:https?:\/\/)?([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)/u.exec(shown.trim())?.[1];
  const target = openableUrl(url);
  return host !== undefined && target !== null && target.hostname !== '' && host.toLowerCase() !== target.hostname.toLowerCase();
}
