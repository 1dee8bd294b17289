import type { ReadDb } from '../../db/client.ts';
import { readUsers } from './read.ts';
import { normalizeUid, uidIssues } from './uid.ts';

/** A stored uid by which its user cannot be found, since the current rules reject or normalize it. */
export interface UidFault {
  workspaceId: string;
  /** Id of the user. */
  id: string;
  /** As stored. */
  uid: string;
  /** All problems with the uid, for humans. */
  reason: string;
}

/** The identifiers of a user. */
interface UserUid {
  id: string;
  uid: string;
}

/** Users that a statement reads. */
const PAGE_SIZE = 5_000;

/** Finds the users of a workspace who cannot be found by their uid, in order of their ids. Reads every user. */
export async function checkUids(db: ReadDb, workspaceId: string): Promise<UidFault[]> {
  const invalid: UserUid[] = [];
  for await (const page of readUidPages(db, workspaceId)) {
    invalid.push(...page.filter(({ uid }) => normalizeUid(uid) !== uid || uidIssues(uid).length > 0));
  }
  const byNormalUid = await readByNormalUid(db, workspaceId, invalid);
  return invalid.map(({ id, uid }) => {
    const duplicate = byNormalUid.get(normalizeUid(uid))?.find((user) => user.id !== id);
    const isNormal = normalizeUid(uid) === uid;
    const reasons = [
      ...uidIssues(uid).map(({ message }) => message),
      ...(isNormal
        ? []
        : [
            `is not in Unicode normal form C${duplicate ? `, in which the user ${duplicate.id} has the same uid` : ''}`,
          ]),
    ];
    return { workspaceId, id, uid, reason: reasons.join('; ') };
  });
}

async function* readUidPages(db: ReadDb, workspaceId: string): AsyncGenerator<UserUid[]> {
  for (let lastId = '00000000-0000-0000-0000-000000000000'; ; ) {
    const page = await db.query<UserUid[]>`/* readUidPages */
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND id > ${lastId}::uuid ORDER BY id LIMIT ${PAGE_SIZE}`;
    yield page;
    const last = page.at(-1);
    if (!last || page.length < PAGE_SIZE) return;
    lastId = last.id;
  }
}

/** The users whose uid is the normal form of an invalid one, and the users with invalid uids, by the normal form. */
async function readByNormalUid(
  db: ReadDb,
  workspaceId: string,
  invalid: readonly UserUid[],
): Promise<Map<string, UserUid[]>> {
  const normalUids = [...new Set(invalid.map(({ uid }) => normalizeUid(uid)))];
  const users: UserUid[] = [...invalid];
  for (let start = 0; start < normalUids.length; start += PAGE_SIZE) {
    const keys = normalUids.slice(start, start + PAGE_SIZE).map((uid) => ({ uid }));
    users.push(...(await readUsers(db, workspaceId, keys)).flatMap((user) => user ?? []));
  }
  return Map.groupBy(users, ({ uid }) => normalizeUid(uid));
}
