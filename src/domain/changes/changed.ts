/**
 * What a change names as changed (`Change.changed`): fields, keys of attributes and names of events, each as one text. Attributes have the
 * prefix `meta.`, events `event.`, so that they never equal the name of a field.
 */
export const changedField = (field: string) => field;

/** @param key the key in `meta`. */
export const changedAttribute = (key: string) => `meta.${key}`;

/** @param name as the event has it; filters compare names without differences of case. */
export const changedEvent = (name: string) => `event.${name}`;
