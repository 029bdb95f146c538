/** The channel that is being dragged. */
export const drag = $state<{ channelId: string | null }>({ channelId: null });
