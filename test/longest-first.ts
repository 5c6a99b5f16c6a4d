import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Takes the longest of all, whatever its size says: begun last, one worker would end alone with it. */
const longest = 'test/lab/conformance.test.ts';

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(longest);
    return sorted.toSorted((a, b) => Number(isLongest(b)) - Number(isLongest(a)));
  }
}
