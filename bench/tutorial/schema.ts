import { v7 as uuidv7 } from 'uuid';
import { builder, prisma } from './builder.ts';
import { DevicePlatform } from './generated/client/client.ts';

builder.enumType(DevicePlatform, { name: 'DevicePlatform' });

builder.prismaObject('Device', {
  fields: (t) => ({
    platform: t.expose('platform', { type: DevicePlatform }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime' }),
  }),
});

builder.prismaObject('Event', {
  fields: (t) => ({
    name: t.exposeString('name'),
    value: t.expose('value', { type: 'JSON', nullable: true }),
    properties: t.expose('properties', { type: 'JSON' }),
    timestamp: t.expose('timestamp', { type: 'DateTime' }),
  }),
});

builder.prismaObject('User', {
  fields: (t) => ({
    uid: t.exposeString('uid'),
    firstName: t.exposeString('firstName', { nullable: true }),
    lastName: t.exposeString('lastName', { nullable: true }),
    email: t.exposeString('email', { nullable: true }),
    meta: t.expose('meta', { type: 'JSON' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    devices: t.relation('devices', { query: { orderBy: { lastSeenAt: 'desc' } } }),
    events: t.relatedConnection('events', { cursor: 'workspaceId_id', query: { orderBy: { id: 'desc' } } }),
  }),
});

builder.queryType({
  fields: (t) => ({
    user: t.prismaField({
      type: 'User',
      nullable: true,
      args: { uid: t.arg.string({ required: true }) },
      resolve: (query, _root, { uid }, { workspaceId }) =>
        prisma.user.findUnique({ ...query, where: { workspaceId_uid: { workspaceId, uid } } }),
    }),
    users: t.prismaConnection({
      type: 'User',
      cursor: 'workspaceId_id',
      totalCount: (_connection, _args, { workspaceId }) => prisma.user.count({ where: { workspaceId } }),
      resolve: (query, _root, _args, { workspaceId }) =>
        prisma.user.findMany({ ...query, where: { workspaceId }, orderBy: { id: 'desc' } }),
    }),
  }),
});

builder.mutationType({
  fields: (t) => ({
    addEvent: t.prismaField({
      type: 'Event',
      args: {
        uid: t.arg.string({ required: true }),
        name: t.arg.string({ required: true }),
        value: t.arg.int(),
        properties: t.arg({ type: 'JSON', required: true }),
        timestamp: t.arg({ type: 'DateTime', required: true }),
      },
      resolve: (query, _root, { uid, name, value, properties, timestamp }, { workspaceId }) =>
        prisma.event.create({
          ...query,
          data: {
            id: uuidv7(),
            name,
            value: value ?? undefined,
            properties,
            timestamp,
            user: { connect: { workspaceId_uid: { workspaceId, uid } } },
          },
        }),
    }),
    upsertUser: t.prismaField({
      type: 'User',
      args: { uid: t.arg.string({ required: true }), meta: t.arg({ type: 'JSON', required: true }) },
      resolve: (query, _root, { uid, meta }, { workspaceId }) => {
        const now = new Date();
        return prisma.user.upsert({
          ...query,
          where: { workspaceId_uid: { workspaceId, uid } },
          create: { workspaceId, id: uuidv7(), uid, meta, createdAt: now, updatedAt: now },
          update: { meta, updatedAt: now },
        });
      },
    }),
    updateUser: t.prismaField({
      type: 'User',
      args: { uid: t.arg.string({ required: true }), meta: t.arg({ type: 'JSON', required: true }) },
      resolve: (query, _root, { uid, meta }, { workspaceId }) =>
        prisma.user.update({
          ...query,
          where: { workspaceId_uid: { workspaceId, uid } },
          data: { meta, updatedAt: new Date() },
        }),
    }),
  }),
});

export const schema = builder.toSchema();
