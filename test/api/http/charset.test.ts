import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphqlBody, startExecutors } from '../../kit/executors.ts';
import { addUser } from '../../kit/factories.ts';
import { inject } from '../../kit/rest.ts';

const executors = await startExecutors();
afterAll(() => executors[Symbol.asyncDispose]());
beforeAll(() => addUser(executors, { uid: 'ada' }));

const { payload } = graphqlBody('{ __typename }');

const utf8 = [
  '',
  '; charset=utf-8',
  ';charset=UTF-8',
  '; charset="utf-8"',
  '; Charset = "UtF-8"',
  '; charset=utf8',
  '; version=1; charset=utf-8',
  '; note="; charset=latin1"',
  ';',
];

const otherCharsets = [
  '; charset=iso-8859-1',
  ';charset=latin1',
  '; charset=utf-16',
  '; charset="utf-16le"',
  '; CHARSET=us-ascii',
  '; charset=',
  '; version=1;charset=windows-1252',
  '; charset=utf-8; charset=latin1',
];

describe.each(['application/json', 'application/graphql+json'])('GraphQL with %s', (type) => {
  it.each(utf8)('takes "%s"', async (parameters) => {
    const [one, other] = await executors.both({ headers: { 'content-type': type + parameters }, payload });
    expect(one).toEqual(other);
    expect({ status: one.status, ...JSON.parse(one.body) }).toEqual({ status: 200, data: { __typename: 'Query' } });
  });

  it.each(otherCharsets)('rejects "%s"', async (parameters) => {
    const [one, other] = await executors.both({ headers: { 'content-type': type + parameters }, payload });
    expect(one).toEqual(other);
    expect({ status: one.status, ...JSON.parse(one.body) }).toEqual({
      status: 415,
      errors: [
        {
          message: expect.stringMatching(/^The charset must be UTF-8; got ".*"\.$/),
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    });
  });
});

describe('REST', () => {
  const put = (parameters: string, body = '{"first_name":"Ada"}') =>
    inject(executors, {
      method: 'PUT',
      url: '/v1/users/ada',
      headers: { authorization: executors.owner, 'content-type': `application/json${parameters}` },
      payload: body,
    });

  it.each(utf8)('accepts "%s"', async (parameters) => {
    expect(await put(parameters)).toMatchObject({ status: 200 });
  });

  it.each(otherCharsets)('rejects "%s"', async (parameters) => {
    expect(await put(parameters)).toEqual({
      status: 415,
      body: { error: expect.stringMatching(/^The charset must be UTF-8; got ".*"\.$/), code: 'BAD_USER_INPUT' },
    });
  });

  it('does not care about the charset of a body that is not there', async () => {
    const headers = { authorization: executors.owner, 'content-type': 'application/json; charset=latin1' };
    const url = '/v1/users/ada';
    expect(await inject(executors, { url, headers })).toMatchObject({ status: 200 });
    expect(await inject(executors, { method: 'DELETE', url, headers })).toMatchObject({ status: 200 });
  });
});
