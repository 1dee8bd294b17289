/** The media types of Yoga's responses. */
export const MEDIA_TYPES = [
  'application/json',
  'application/graphql-response+json',
  'text/event-stream',
  'multipart/mixed',
];

/** A media range of an `Accept` header. */
interface MediaRange {
  /** Such as `application/*`. */
  name: string;
  /** Whether its weight is 0: the client does not accept it. */
  isExcluded: boolean;
}

/** The ranges of an `Accept` header, without those in another charset. */
function parseAccept(accept: string | undefined): MediaRange[] {
  return (accept || '*/*').split(',').flatMap((range) => {
    const [name = '', ...parameters] = range.replaceAll(/[\s"]/g, '').toLowerCase().split(';');
    const { charset = 'utf-8', q = '1' } = Object.fromEntries(parameters.map((parameter) => parameter.split('=')));
    return charset === 'utf-8' ? [{ name, isExcluded: Number(q) === 0 }] : [];
  });
}

/**
 * The media types in which Yoga can respond and which an `Accept` header allows (RFC 9110, 12.5.1), in the order of the header, each once.
 * Yoga itself excludes none and reads no quoted charset, and finds out only after the execution that none is acceptable.
 */
export function acceptableTypes(accept: string | undefined): string[] {
  const ranges = parseAccept(accept);
  const isExcluded = (type: string) => {
    const names = [type, `${type.split('/')[0]}/*`, '*/*'];
    const [mostSpecific] = names
      .map((name) => ranges.filter((range) => range.name === name))
      .filter(({ length }) => length);
    return mostSpecific?.every((range) => range.isExcluded) ?? true;
  };
  const allowed = MEDIA_TYPES.filter((type) => !isExcluded(type));
  const names = new Set(ranges.map(({ name }) => name));
  return [...new Set([...names].flatMap((name) => allowed.filter((type) => matches(name, type))))];
}

const matches = (range: string, type: string) =>
  range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
