/**
 * Whether tests run all their cases, as in CI (`TEST_SIZE=full`). In the development loop, property tests run a tenth of
 * them.
 */
export const isFullSize = process.env.TEST_SIZE === 'full';

/** The number of cases that a property test runs. @param full the number in CI. */
export const casesOf = (full: number): number => (isFullSize ? full : Math.ceil(full / 10));
