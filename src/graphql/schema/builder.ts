import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import ValidationPlugin from '@pothos/plugin-validation';
import type { Attributes, AttributeValue } from '../../domain/shared/attributes.ts';
import { ValidationError } from '../../domain/shared/errors.ts';
import type { Instant } from '../../domain/shared/instant.ts';
import type { UnsafeNumber } from '../../domain/shared/json-numbers.ts';
import { validationIssues } from '../../domain/shared/validation.ts';
import type { Context } from '../context.ts';
import { encodeGlobalId } from './global-id.ts';
import ScopesPlugin from './scopes-plugin.ts';

/** An attribute of an input before it is validated. */
export type InputValue = AttributeValue | UnsafeNumber;

/** Attributes of an input before they are validated. */
export type InputAttributes = Record<string, InputValue>;

interface UserTypes {
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Instant };
    Attributes: { Input: InputAttributes; Output: Attributes };
    AttributeValue: { Input: InputValue; Output: AttributeValue };
  };
}

/** The types that the builder works with, for functions that take its refs. */
export type Types = PothosSchemaTypes.ExtendDefaultTypes<UserTypes>;

/** The one builder, to which each type's file adds its type. */
export const builder = new SchemaBuilder<UserTypes>({
  defaultFieldNullability: false,
  plugins: [ScopesPlugin, ErrorsPlugin, ValidationPlugin, RelayPlugin, DirectivesPlugin],
  errors: {
    directResult: true,
    // Safe here: scopes are checked before anything is executed.
    unsafelyHandleInputErrors: true,
    defaultUnionOptions: { name: ({ fieldName }) => `${fieldName.charAt(0).toUpperCase()}${fieldName.slice(1)}Result` },
  },
  validation: {
    // Paths begin within the mutation's one argument.
    validationError: ({ issues }) =>
      new ValidationError(
        validationIssues(issues).map((issue) => ({
          ...issue,
          path: issue.path[0] === 'input' ? issue.path.slice(1) : issue.path,
        })),
      ),
  },
  relay: {
    encodeGlobalID: (type, id) => encodeGlobalId(type, String(id)),
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    idFieldOptions: { description: 'Globally unique, opaque, and stable: pass it to `node` to read the object again.' },
    nodeTypeOptions: { description: 'An object that can be read again by its global id (Relay).' },
    pageInfoTypeOptions: { description: 'Where a page lies in its connection (Relay).' },
    hasNextPageFieldOptions: { description: 'Whether there are edges after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there are edges before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first edge, for `before`. Null where the page is empty.' },
    endCursorFieldOptions: { description: 'Cursor of the last edge, for `after`. Null where the page is empty.' },
  },
});

builder.queryType({ description: 'What can be read. Every query sees the caller’s workspace and nothing else.' });
builder.mutationType({
  description: 'What can be changed. Faults that a caller can act on are members of each result.',
});
