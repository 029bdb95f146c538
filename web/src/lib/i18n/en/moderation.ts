/** Moderators' tools: the audit log's filters, what did not survive. */

import type { Text } from '../format';

export const moderation = {
  'server.page.lost': 'Did not survive',
  'audit.any': 'Any',
  'audit.filter.action': 'What',
  'audit.filter.actor': 'By whom',
  'audit.filter.target': 'About',
  'audit.filter.span': 'When',
  'audit.filter.counts': 'Effect',
  'audit.span.any': 'Ever',
  'audit.span.1': 'Last 24 hours',
  'audit.span.7': 'Last 7 days',
  'audit.span.30': 'Last 30 days',
  'audit.span.365': 'Last year',
  'audit.counts.any': 'All',
  'audit.counts.true': 'Counts',
  'audit.counts.false': 'Does not count',
  'audit.overruled': 'Does not count: {name} {what} {target} at the same time, with more authority ({when}).',
  'audit.newer': 'Of a newer version: this program cannot tell what it does.',
  'audit.lookFurther': 'Look further back',
  'audit.forever': 'The audit log is the server’s own log. It never expires, and nobody can take a line out of it.',
  'audit.unknown': 'did something that this version does not know',
  'lost.lead': 'Two people can decide at the same time without knowing of each other. Where their acts contradict, the one with more authority holds. What did not hold stands here.',
  'lost.none': 'Everything that was done has held.',
  'lost.own': 'Your own',
  'lost.counted': 'It counted on this device until {when}',
  'lost.never': 'It never counted on this device',
  'lost.banner': { one: '{n} thing that you did here did not survive a merge.', other: '{n} things that you did here did not survive a merge.' },
  'lost.toast': 'Something that you did in {name} did not survive a merge.',
  'lost.see': 'See what and why',
} as const satisfies Record<string, Text>;
