// `CAIRN_OFF`: a terminal in which any process was started with this variable is left out of captures, and so is what runs in it. The
// environment of each process that has a terminal is asked for this one variable; nothing else of it is kept.

import { readProcesses, readProcessVariable, ttyPath, type ProcessPlace } from '../../sources/host/proc.ts';
import type { Exclusion } from './exclusion.ts';

const OFF_VARIABLE = 'CAIRN_OFF';
/** What means that nothing is said. Whatever else stands there means off. */
const NOT_OFF = new Set(['', '0']);

/** The devices of the terminals that say no, such as `/dev/pts/5`. */
export function findOffTerminals(place: ProcessPlace): ReadonlySet<string> {
  const off = new Set<string>();
  for (const process of readProcesses(place)) {
    const device = process.isZombie ? null : ttyPath(process.ttyNumber);
    if (device === null || off.has(device)) continue;
    if (!NOT_OFF.has(readProcessVariable(place.procDir, process.pid, OFF_VARIABLE) ?? '')) off.add(device);
  }
  return off;
}

/** The rules, and nothing that stands in one of these terminals. */
export function excludeTerminals(exclusion: Exclusion, devices: ReadonlySet<string>): Exclusion {
  if (devices.size === 0) return exclusion;
  const isOff = ({ tty }: { readonly tty?: unknown }): boolean => typeof tty === 'string' && devices.has(tty);
  return {
    ...exclusion,
    isEmpty: false,
    apply: (item) => (isOff(item.attributes) ? null : exclusion.apply(item)),
    whyHidden: (item) => (isOff(item.attributes) ? 'CAIRN_OFF' : exclusion.whyHidden(item)),
  };
}
