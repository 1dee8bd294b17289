/** Names in REST that are not the snake case of the domain's. */
const irregularNames = new Map([
  ['timeZone', 'tz'],
  ['appLastActiveAt', 'app_last_active'],
]);

const irregularDomainNames = new Map([...irregularNames].map(([name, restName]) => [restName, name]));

/** The REST name of a domain field: `first_name` for `firstName`. */
export const toRestName = (name: string) =>
  irregularNames.get(name) ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The domain's name of a REST field: `firstName` for `first_name`. */
export const toDomainName = (name: string) =>
  irregularDomainNames.get(name) ?? name.replaceAll(/_([a-z])/g, (_text, letter: string) => letter.toUpperCase());

/** An object with its keys renamed, without those of nested objects. */
export const renameKeys = (object: Record<string, unknown>, rename: (name: string) => string) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [rename(name), value]));
