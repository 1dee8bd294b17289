import { expect, it } from 'vitest';
import { acceptableTypes, MEDIA_TYPES } from '../../../src/graphql/execution/media-types.ts';

it.each([
  [undefined, MEDIA_TYPES],
  ['*/*', MEDIA_TYPES],
  ['application/json;q=0, */*', MEDIA_TYPES.slice(1)],
  ['text/html', []],
  ['multipart/mixed, application/*', ['multipart/mixed', 'application/json', 'application/graphql-response+json']],
  ['application/json; charset="utf-8"', ['application/json']],
  ['application/json; charset=latin1', []],
])('%s allows %j', (accept, types) => expect(acceptableTypes(accept)).toEqual(types));

it('has each type once, however often the header repeats it', () => {
  expect(acceptableTypes(Array.from({ length: 3_900 }, () => '*/*').join(','))).toEqual(MEDIA_TYPES);
});
