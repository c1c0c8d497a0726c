// The order of test files where several go at a time: those of test/faults compute, those with real programs mostly wait, so that one of
// the first runs beside some of the others. Left to itself, vitest takes all of one kind before the other.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

export class MixedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is vitest's, not an array's
    const sorted = await super.sort(files);
    const computing = sorted.filter(({ project }) => project.name === 'faults');
    const others = sorted.filter(({ project }) => project.name !== 'faults');
    const waiting = others.filter(({ project }) => project.name === 'real');
    const each = Math.max(1, Math.floor(waiting.length / Math.max(1, computing.length)));
    const mixed = computing.flatMap((file, at) => [...waiting.slice(at * each, (at + 1) * each), file]);
    return [
      ...others.filter(({ project }) => project.name !== 'real'),
      ...mixed,
      ...waiting.slice(computing.length * each),
    ];
  }
}
