import { describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { storeValues } from '../../kit/filters/declared.ts';
import { DeclareAttribute, DeclaredAttributes, UndeclareAttribute } from '../../kit/operations/attributes.ts';
import { restOf } from '../../kit/rest.ts';

const score = { key: 'score', type: 'NUMBER' } as const;

describe('declareAttribute', () => {
  it('returns at once, and records the write; the attribute is ready later', async () => {
    await using app = await startApp();
    await addUser(app, { meta: { score: 1 } });
    expect(await app.run(DeclareAttribute, { input: score })).toEqual({
      declareAttribute: { attribute: { ...score, isReady: false, readyAt: null, usersRead: 0 } },
    });
    await storeValues(app);
    expect((await app.run(DeclaredAttributes)).declaredAttributes).toEqual([
      { ...score, isReady: true, readyAt: expect.any(String), usersRead: 1, declaredAt: expect.any(String) },
    ]);
    expect(await app.db.change.findMany({ select: { action: true } })).toEqual([{ action: 'declareAttribute' }]);
  });

  it('changes nothing if the attribute is declared with the type, and rejects another type', async () => {
    await using app = await startApp();
    for (let time = 0; time < 2; time += 1) {
      const { declareAttribute } = await app.run(DeclareAttribute, { input: score });
      expect(declareAttribute).toMatchObject({ attribute: score });
    }
    expect(await app.run(DeclareAttribute, { input: { key: 'score', type: 'STRING' } })).toEqual({
      declareAttribute: {
        code: 'ATTRIBUTE_DECLARED',
        message: 'The attribute "score" is declared as NUMBER. To change its type, undeclare it first.',
        key: 'score',
        declaredType: 'NUMBER',
      },
    });
    expect(await app.db.change.count()).toBe(1);
  });

  it('declares at most 20 attributes, also at once, and none of another workspace', async () => {
    await using app = await startApp();
    const declare = (number: number) => app.run(DeclareAttribute, { input: { key: `k${number}`, type: 'STRING' } });
    const results = await Promise.all(Array.from({ length: 24 }, (_, number) => declare(number)));
    const rejected = results.filter(({ declareAttribute }) => 'code' in declareAttribute);
    expect(rejected).toHaveLength(4);
    expect(rejected[0]).toMatchObject({
      declareAttribute: {
        code: 'LIMIT_EXCEEDED',
        limit: 20,
        message:
          'A workspace can declare 20 attributes: 20 are declared, and the values of 0 undeclared ones are still being deleted. Undeclare one first.',
      },
    });
    expect((await app.run(DeclaredAttributes)).declaredAttributes).toHaveLength(20);
    expect((await app.run(DeclaredAttributes, {}, app.stranger.owner)).declaredAttributes).toEqual([]);
  });

  it('is rejected while the values of too many undeclared attributes are still being deleted', async () => {
    await using app = await startApp();
    await app.db.$executeRaw`
      INSERT INTO attribute_declarations (workspace_id, number, key, type, declared_at, undeclared_at)
      SELECT ${app.workspaceId}::uuid, n, 'k' || n, 'STRING', now(), CASE WHEN n > 12 THEN now() END
      FROM generate_series(1, 40) AS n`;
    expect(await app.run(DeclareAttribute, { input: score })).toMatchObject({
      declareAttribute: {
        message:
          'A workspace can declare 20 attributes: 12 are declared, and the values of 28 undeclared ones are still being deleted. Retry later.',
      },
    });
  });

  it('and undeclareAttribute require users:read as well, since their results reveal declarations', async () => {
    await using app = await startApp();
    const caller = await app.withScopes('users:write');
    const mutations = [
      ['declareAttribute', 'DeclareAttributeInput', score],
      ['undeclareAttribute', 'UndeclareAttributeInput', { key: 'score' }],
    ] as const;
    for (const [field, type, input] of mutations) {
      const document = `mutation ($input: ${type}!) { ${field}(input: $input) { __typename } }`;
      const { errors } = await app.send(document, { input }, caller);
      expect(errors).toMatchObject([{ message: `Mutation.${field} requires the scope users:read.` }]);
    }
    expect(await app.db.attributeDeclaration.count({ where: { workspaceId: app.workspaceId } })).toBe(0);
  });

  it.each([
    ['', 'INVALID_KEY'],
    ['x'.repeat(65), 'INVALID_KEY'],
    ['a\0', 'INVALID_KEY'],
  ])('rejects the key %j', async (key, code) => {
    await using app = await startApp();
    expect(await app.run(DeclareAttribute, { input: { key, type: 'NUMBER' } })).toMatchObject({
      declareAttribute: { code: 'VALIDATION_FAILED', issues: [{ path: ['key'], code }] },
    });
  });
});

describe('undeclareAttribute', () => {
  it('withdraws the declaration, and does not change users', async () => {
    await using app = await startApp();
    await addUser(app, { uid: 'u1', meta: { score: 1 } });
    await app.run(DeclareAttribute, { input: score });
    expect(await app.run(UndeclareAttribute, { input: { key: 'score' } })).toEqual({
      undeclareAttribute: { key: 'score' },
    });
    expect((await app.run(DeclaredAttributes)).declaredAttributes).toEqual([]);
    expect((await app.db.user.findFirst())?.meta).toEqual({ score: 1 });
    expect(await app.run(UndeclareAttribute, { input: { key: 'score' } })).toMatchObject({
      undeclareAttribute: { code: 'NOT_FOUND', message: 'The attribute is not declared.' },
    });
  });
});

describe('An order by an attribute', () => {
  const Users = 'query ($orderBy: UserOrder) { users(orderBy: $orderBy) { totalCount nodes { uid } } }';

  it('sorts by the value, with users without a value of the type as nulls', async () => {
    await using app = await startApp();
    for (const [uid, meta] of Object.entries({ a: { score: 10 }, b: { score: 9.5 }, c: { score: '1' }, d: {} }))
      await addUser(app, { uid, meta });
    await app.run(DeclareAttribute, { input: score });
    await storeValues(app);
    const orders = [
      [{ attribute: score }, 'b a c d'],
      [{ attribute: score, direction: 'DESC', nulls: 'FIRST' }, 'd c a b'],
    ] as const;
    for (const [orderBy, uids] of orders) {
      const { data } = await app.send<{ users: { nodes: { uid: string }[] } }, object>(Users, { orderBy });
      expect(data?.users).toEqual({ totalCount: 4, nodes: uids.split(' ').map((uid) => ({ uid })) });
    }
    const pages: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { status, body } = await restOf(app).post('/v1/users/search', {
        order_by: { attribute: { key: 'score', type: 'number' }, direction: 'asc' },
        limit: 1,
        next_cursor: cursor,
      });
      expect(status).toBe(200);
      const page = body as { data: { uid: string }[]; next_cursor?: string };
      pages.push(page.data[0]?.uid);
      cursor = page.next_cursor;
    } while (cursor);
    expect(pages).toEqual(['b', 'a', 'c', 'd']);
  });

  it('is rejected unless the attribute is declared with the type and ready', async () => {
    await using app = await startApp();
    const rejections = async (type: 'NUMBER' | 'STRING') => {
      const { errors } = await app.send(Users, { orderBy: { attribute: { key: 'score', type } } });
      const rest = await restOf(app).post('/v1/users/search', {
        order_by: { attribute: { key: 'score', type: type.toLowerCase() } },
      });
      return [errors?.[0]?.extensions.code, errors?.[0]?.extensions.issues, rest.status, rest.body];
    };
    const rejection = (code: string, message: string) => [
      'BAD_USER_INPUT',
      [{ path: ['orderBy', 'attribute'], code, message }],
      400,
      expect.objectContaining({ issues: [{ path: ['order_by', 'attribute'], code, message }] }),
    ];
    expect(await rejections('NUMBER')).toEqual(
      rejection('ATTRIBUTE_NOT_DECLARED', 'is not declared; users can be sorted by declared attributes only'),
    );
    await app.run(DeclareAttribute, { input: score });
    expect(await rejections('STRING')).toEqual(rejection('ATTRIBUTE_TYPE_MISMATCH', 'is declared with another type'));
    expect(await rejections('NUMBER')).toEqual(
      rejection('ATTRIBUTE_NOT_READY', 'is still being indexed (0 users so far); retry later'),
    );
  });

  it.each([
    [{ direction: 'ASC' }, 'REQUIRED'],
    [{ field: 'UID', attribute: score }, 'CONTRADICTION'],
  ])('needs exactly one of field and attribute: %j', async (orderBy, code) => {
    await using app = await startApp();
    const { errors } = await app.send(Users, { orderBy });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ path: ['orderBy'], code }] });
    const { field, attribute, direction } = {
      field: undefined,
      attribute: undefined,
      direction: undefined,
      ...orderBy,
    };
    const body = {
      order_by: {
        field: field?.toLowerCase(),
        attribute: attribute && { ...attribute, type: attribute.type.toLowerCase() },
        direction: direction?.toLowerCase(),
      },
    };
    expect(await restOf(app).post('/v1/users/search', body)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['order_by'], code }] },
    });
  });
});
