// Each import adds its types and fields to the builder.
import './scalars.ts';
import './errors.ts';
import './viewer.ts';
import './node.ts';
import './users.ts';
import './user-mutations.ts';
import './upsert-users.ts';
import './delete-users.ts';
import './devices.ts';
import './lists.ts';
import './list-mutations.ts';
import './set-list-subscriptions.ts';
import './segments.ts';
import './segment-mutations.ts';
import './segment-preview.ts';
import './events.ts';
import './attributes.ts';
import './changes.ts';
import './transfers.ts';
import './user-export.ts';
import { specifiedDirectives } from 'graphql';
import { builder } from './builder.ts';
import { requiresScopesDirective } from './scopes-plugin.ts';

/** The executable schema. */
export const schema = builder.toSchema({ directives: [...specifiedDirectives, requiresScopesDirective] });
