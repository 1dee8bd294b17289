import type { ReadDb } from '../../db/client.ts';
import { readUsers } from './read.ts';
import { normalizeUid, uidFaults } from './uid.ts';

/** A user who cannot be found by their uid, since today's rules reject or normalize it. */
export interface UidFault {
  workspaceId: string;
  /** Of the user. */
  id: string;
  /** As it is stored. */
  uid: string;
  /** All that is wrong with it, for people. */
  reason: string;
}

/** A user, as far as it matters here. */
interface Named {
  id: string;
  uid: string;
}

/** Users that a statement reads. */
const PAGE_SIZE = 5_000;

/** Finds the users of a workspace who cannot be found by their uid, in order of their ids. Reads every user of it. */
export async function checkUids(db: ReadDb, workspaceId: string): Promise<UidFault[]> {
  const suspects: Named[] = [];
  for await (const page of pagesOf(db, workspaceId)) {
    suspects.push(...page.filter(({ uid }) => normalizeUid(uid) !== uid || uidFaults(uid).length > 0));
  }
  const holders = await holdersOf(db, workspaceId, suspects);
  return suspects.map(({ id, uid }) => {
    const holder = holders.get(normalizeUid(uid))?.find((user) => user.id !== id);
    const isNormal = normalizeUid(uid) === uid;
    const reasons = [
      ...uidFaults(uid).map(({ message }) => message),
      ...(isNormal
        ? []
        : [`is not in Unicode normal form C${holder ? `, in which the user ${holder.id} has the same uid` : ''}`]),
    ];
    return { workspaceId, id, uid, reason: reasons.join('; ') };
  });
}

async function* pagesOf(db: ReadDb, workspaceId: string): AsyncGenerator<Named[]> {
  for (let last = '00000000-0000-0000-0000-000000000000'; ; ) {
    const page = await db.query<Named[]>`
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND id > ${last}::uuid ORDER BY id LIMIT ${PAGE_SIZE}`;
    yield page;
    const end = page.at(-1);
    if (!end || page.length < PAGE_SIZE) return;
    last = end.id;
  }
}

/** The users who have a uid that some suspects would have in normal form C, by that. */
async function holdersOf(db: ReadDb, workspaceId: string, suspects: readonly Named[]): Promise<Map<string, Named[]>> {
  const forms = [...new Set(suspects.map(({ uid }) => normalizeUid(uid)))];
  const found: Named[] = [...suspects];
  for (let start = 0; start < forms.length; start += PAGE_SIZE) {
    const keys = forms.slice(start, start + PAGE_SIZE).map((uid) => ({ uid }));
    const users = await readUsers(db, workspaceId, keys);
    found.push(...users.flatMap((user) => user ?? []));
  }
  return Map.groupBy(found, ({ uid }) => normalizeUid(uid));
}
