/**
 * Pairs of two lists that belong together, such as levels and their features.
 * @throws RangeError if they are not equally long.
 */
export function zip<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  if (first.length !== second.length)
    throw new RangeError(
      `Expected as many of one as of the other, got ${first.length} and ${second.length}; give one feature for each level.`,
    );
  return first.map((value, at) => [value, second[at] as B]);
}
