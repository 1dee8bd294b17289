import { z } from 'zod';
import { AuditAction, DevicePlatform } from '../../db/generated/enums.ts';

/** The version of the document. Incremented by changes that are not additions of properties. */
export const USER_EXPORT_VERSION = 1;

const instant = z.iso.datetime().describe('A point in time in UTC, in RFC 3339 format with milliseconds.');
const id = z.uuid().describe('A UUID, as in the REST API.');
const attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const profile = z.strictObject({
  id,
  uid: z.string().describe("The application's own identifier."),
  uidUpdateable: z.boolean().describe('Whether the uid can still be replaced, once.'),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  number: z.string().nullable().describe('The phone number in E.164 format.'),
  email: z.string().nullable(),
  isAccount: z.boolean().describe('Whether the user is an account, such as a company, instead of a person.'),
  timeZone: z.string().nullable().describe('An IANA name.'),
  appVersion: z.string().nullable(),
  appBuild: z.string().nullable(),
  appLastActiveAt: instant.nullable().describe('When the user last used the app.'),
  meta: attributes.describe('All custom attributes.'),
  publicMeta: attributes.describe(
    'The part of the attributes that callers without the scope users:read sent, such as a frontend with a public key.',
  ),
  createdAt: instant.describe('When the user signed up in the application.'),
  updatedAt: instant.describe('When the profile was last changed.'),
});

const device = z.strictObject({
  token: z.string().describe('The registration token of the push service.'),
  platform: z.enum(DevicePlatform),
  lastSeenAt: instant.describe('When the token was last registered.'),
});

const listMembership = z.strictObject({
  listId: id,
  title: z.string(),
  subscribed: z.boolean().describe('False for a member who has unsubscribed.'),
  joinedAt: instant,
});

const segmentMembership = z.strictObject({
  segmentId: id,
  name: z.string(),
  suppressed: z.boolean().describe('Whether the member receives no broadcasts sent to the segment.'),
  enteredAt: instant.nullable().describe('Null for members who were imported.'),
});

const suppression = z.strictObject({ segmentId: id, name: z.string() });

const pendingEvaluation = z.strictObject({ segmentId: id, dueAt: instant });

const event = z.strictObject({
  id,
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  properties: attributes,
  timestamp: instant.describe('When the event happened.'),
});

const change = z.strictObject({
  id: z.string().describe('The id of the audit entry, as in "audit list".'),
  at: instant,
  keyId: z
    .string()
    .describe('The actor: the id of an API key, "token:" and the subject of a token, "cli", "segments" or "erased".'),
  action: z.enum(AuditAction),
  listId: id.nullable(),
  eventId: id.nullable(),
  segmentId: id.nullable(),
  changed: z
    .array(z.string())
    .nullable()
    .describe(
      'What was written, such as "email", "meta.plan" or "event.purchase". Null if it follows from the action, or if it is unknown.',
    ),
});

/** Everything that is stored about a user. The source of docs/schemas/user-export.schema.json. */
export const userExport = z
  .strictObject({
    version: z.literal(USER_EXPORT_VERSION),
    exportedAt: instant,
    workspaceId: id,
    profile,
    devices: z.array(device).describe('Last seen first.'),
    lists: z.array(listMembership).describe('Memberships in lists, newest list first.'),
    segments: z.array(segmentMembership).describe('Memberships in segments, newest segment first.'),
    suppressions: z.array(suppression).describe('Segments in which the user is suppressed, also if not a member.'),
    pendingEvaluations: z
      .array(pendingEvaluation)
      .describe('When memberships in segments are evaluated again, because they depend on the time.'),
    events: z.array(event).describe('All events, oldest first.'),
    changes: z.array(change).describe('All audit entries and changes about the user, oldest first.'),
  })
  .meta({ title: 'User export', description: 'Everything that usergraph stores about one user.' });

/** The exported data of a user. */
export type UserExport = z.infer<typeof userExport>;

/** An event of an export. */
export type ExportedEvent = UserExport['events'][number];

/** An audit entry of an export. */
export type ExportedChange = UserExport['changes'][number];

/** The JSON Schema of an export, as text. */
export function printUserExportSchema(): string {
  const schema = z.toJSONSchema(userExport, {
    // The patterns repeat the formats.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
