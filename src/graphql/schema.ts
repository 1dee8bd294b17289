import './scalars.ts';
import './errors.ts';
import './viewer.ts';
import './nodes.ts';
import './users/queries.ts';
import './users/create-user.ts';
import './users/update-user.ts';
import './users/delete-user.ts';
import './devices/device.ts';
import './devices/remove-device.ts';
import './lists/queries.ts';
import './lists/create-list.ts';
import './lists/update-list.ts';
import './lists/archive-list.ts';
import './lists/set-list-subscription.ts';
import './lists/remove-from-list.ts';
import './segments/queries.ts';
import './events/add-event.ts';
import { specifiedDirectives } from 'graphql';
import { builder } from './builder.ts';
import { requiresScopesDirective } from './requires-scopes.ts';

/** The executable schema. */
export const schema = builder.toSchema({ directives: [...specifiedDirectives, requiresScopesDirective] });
