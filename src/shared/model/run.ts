// A run of Cairn: from the start of an app to its end.

/** How a run ended: as it should, by a crash or a kill, or with the machine. */
export const RUN_ENDS = ['clean', 'crash', 'reboot'] as const;
export type RunEnd = (typeof RUN_ENDS)[number];
