/**
 * The entries of `Change.changed`: field names, attribute keys and event names. Attribute keys have the prefix `meta.`,
 * event names `event.`, so that they cannot collide with field names.
 */
export const changedField = (field: string) => field;

/** @param key the key in `meta`. */
export const changedAttribute = (key: string) => `meta.${key}`;

/** @param name in its original case; filters compare event names case-insensitively. */
export const changedEvent = (name: string) => `event.${name}`;
