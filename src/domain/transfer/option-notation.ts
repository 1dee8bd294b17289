/** The options of an import that messages advise. */
export type AdvisedOption = 'map' | 'type' | 'decimal' | 'dates' | 'unknown';

/** Writes an option with a value as the caller of an import sets it. */
export type OptionNotation = (option: AdvisedOption, value: string) => string;

/** `--decimal comma`, `--map "A=B"`. */
export const commandLineNotation: OptionNotation = (option, value) => {
  if (option === 'unknown') return value === 'ignore' ? '--ignore-unknown' : '--unknown-to-meta';
  return `--${option} ${option === 'map' ? `"${value}"` : value}`;
};

/** `decimal=comma`, `map[]=A=B`. */
export const queryNotation: OptionNotation = (option, value) =>
  `${option}${option === 'map' || option === 'type' ? '[]' : ''}=${value}`;
