import { decodeIdOf } from '../../../src/graphql/schema/global-id.ts';
import type { UserFilter } from '../../generated/graphql.ts';
import type { startApp } from '../app.ts';
import { CreateSegment } from '../operations/segments.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Creates a segment as a client does. @throws if it is rejected. */
export async function defineSegment(app: App, name: string, where: UserFilter = {}) {
  const { createSegment } = await app.run(CreateSegment, { input: { name, where } });
  if (!('segment' in createSegment)) throw new Error(createSegment.message);
  const globalId = createSegment.segment.id;
  return { id: String(decodeIdOf('Segment', globalId)), globalId };
}

/** Ends the computation of a segment as if it had found these users. */
export async function completeSegment({ db }: Pick<App, 'db'>, segmentId: string, userIds: readonly string[] = []) {
  const [pending] = await db.segmentDefinition.findMany({ where: { segmentId, completedAt: null, replacedAt: null } });
  if (!pending) throw new Error('The segment has no definition that is being computed.');
  const { workspaceId, id: definitionId } = pending;
  const segment = await db.segment.findFirstOrThrow({ where: { workspaceId, id: segmentId } });
  await db.segmentMembership.createMany({
    data: userIds.map((userId) => ({ workspaceId, segmentId, definitionId, userId, enteredAt: new Date() })),
  });
  const now = new Date();
  await db.segmentDefinition.updateMany({ where: { id: segment.definitionId }, data: { replacedAt: now } });
  await db.segmentDefinition.updateMany({ where: { id: definitionId }, data: { completedAt: now } });
  await db.segment.updateMany({ where: { id: segmentId }, data: { definitionId } });
}
