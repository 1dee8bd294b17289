/**
 * Whether tests run all their cases (`TEST_SIZE=full`), as `npm test` does in CI. In the development loop, property tests run a
 * tenth of them. CI runs the suites without it: smaller ones take half of the time.
 */
export const isFullSize = process.env.TEST_SIZE === 'full';

/** The number of cases that a property test runs. @param full the number in CI. */
export const casesOf = (full: number): number => (isFullSize ? full : Math.ceil(full / 10));
